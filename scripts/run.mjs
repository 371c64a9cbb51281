#!/usr/bin/env node
// Runs the commands in package.json: on a fresh checkout it needs only Node and npm.
// It installs and builds what is missing or out of date, then runs the command's program.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const INSTALLED = `${ROOT}node_modules/.installed-lock`

const PROGRAMS = {
  start: 'packages/dev/dist/cli/start.js',
  demo: 'packages/dev/dist/cli/demo.js',
  test: 'packages/dev/dist/cli/test.js',
  kinora: 'packages/dev/dist/cli/kinora.js',
  secrets: 'packages/dev/dist/cli/secrets.js',
  openapi: 'services/gateway/dist/write-openapi.js',
  bench: 'bench/dist/main.js',
}

const [command = '', ...args] = process.argv.slice(2)
try {
  await main()
} catch (error) {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}

async function main() {
  if (command !== 'install' && !(command in PROGRAMS)) {
    throw new Error(`usage: node scripts/run.mjs install|${Object.keys(PROGRAMS).join('|')} [arguments]`)
  }
  requireNode()
  await install()
  if (command === 'install') return
  await step('Built', 'node_modules/.bin/tsc', command === 'bench' ? ['-b', '.', 'bench'] : ['-b'])
  await step('Bundled', process.execPath, ['packages/elements/bundle.mjs'])
  process.argv = [process.execPath, `${ROOT}${PROGRAMS[command]}`, ...args]
  // In this process, so that Ctrl-C and signals from npm reach the program itself.
  await import(new URL(`../${PROGRAMS[command]}`, import.meta.url).href)
}

function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return
  throw new Error(`Kinora needs Node 20.19 or newer; this is ${process.versions.node}`)
}

/** Installs the versions of the lock file; does nothing if it has not changed. */
async function install() {
  const lock = createHash('sha256')
    .update(readFileSync(`${ROOT}pnpm-lock.yaml`))
    .digest('hex')
  if (read(INSTALLED) === lock) return
  const { packageManager } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'))
  await step('Dependencies installed', 'npx', ['-y', packageManager, 'install', '--frozen-lockfile'])
  writeFileSync(INSTALLED, lock)
}

/** Runs a program and prints one line with its duration, or all of its output when it fails. */
async function step(done, file, argv) {
  const started = performance.now()
  // Keeps pnpm from asking questions.
  const env = { ...process.env, CI: 'true' }
  const child = spawn(file, argv, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve))
  if (code !== 0) throw new Error(`${output}\n${file} ${argv.join(' ')} failed (${code})`)
  // Standard output is for the command's program.
  process.stderr.write(`${done} (${((performance.now() - started) / 1000).toFixed(1)} s)\n`)
}

function read(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
