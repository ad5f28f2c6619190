// How the dashboard is built: Preact, hashed assets in dist/web, and a .br and .gz beside each file that gains by it.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import preact from '@preact/preset-vite'
import { defineConfig, type Plugin } from 'vite'

const OUT = join(import.meta.dirname, '../dist/web')
const COMPRESSIBLE = /\.(js|css|html|svg|json|txt)$/

/** The server sends these as they are, so compressing costs it nothing per request. */
function precompressed(): Plugin {
  let out: string
  return {
    name: 'precompressed',
    apply: 'build',
    configResolved: ({ root, build }) => {
      out = resolve(root, build.outDir)
    },
    async closeBundle() {
      const names = await readdir(out, { recursive: true })
      for (const name of names.filter((name) => COMPRESSIBLE.test(name))) {
        const bytes = await readFile(join(out, name))
        await writeFile(join(out, `${name}.br`), brotliCompressSync(bytes))
        await writeFile(join(out, `${name}.gz`), gzipSync(bytes, { level: 9 }))
      }
    },
  }
}

/** Skia and the fonts are not copied: the server has them among its packages. Another version of one of them makes another address. */
function packagesAddress(): string {
  const { dependencies } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8')) as {
    dependencies: Record<string, string>
  }
  const served = Object.entries(dependencies).filter(([name]) => /^(@fontsource|canvaskit-wasm)/.test(name))
  return `/packages/${createHash('sha256').update(JSON.stringify(served)).digest('hex').slice(0, 8)}/`
}

/** Skia names two modules of Node's, and uses them only there. */
function withoutNode(): Plugin {
  return {
    name: 'without-node',
    enforce: 'pre',
    resolveId: (id) => (id === 'fs' || id === 'path' ? '\0none' : undefined),
    load: (id) => (id === '\0none' ? 'export default {}' : undefined),
  }
}

export default defineConfig({
  root: import.meta.dirname,
  define: { PACKAGES: JSON.stringify(packagesAddress()) },
  plugins: [preact({ devToolsEnabled: false }), precompressed()],
  build: {
    outDir: OUT,
    emptyOutDir: true,
    target: ['chrome123', 'firefox128', 'safari17.5'],
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    // It says nothing that could be mended here, on every slow machine.
    rolldownOptions: { checks: { pluginTimings: false } },
  },
  worker: { format: 'es', plugins: () => [withoutNode()] },
  server: { host: '127.0.0.1', proxy: { '/v1': 'http://127.0.0.1:8080', '/packages': 'http://127.0.0.1:8080' } },
})
