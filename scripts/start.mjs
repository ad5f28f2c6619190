// `npm start`: makes the clone ready and starts the server in this very process.
process.argv.splice(2, 0, 'server')
await import('../bin/thumbsmith.mjs')
