// `npm run schema`: writes the JSON schema of thumbsmith.yaml, from the one schema that the program itself reads with.
import { mkdirSync, writeFileSync } from 'node:fs'
import { editorSchema } from '../src/config-file.ts'

mkdirSync('schema', { recursive: true })
writeFileSync('schema/thumbsmith.schema.json', editorSchema())
