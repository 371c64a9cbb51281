import { execFile } from 'node:child_process'
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findExecutable } from '@kinora/common/find-executable'

const run = promisify(execFile)

export type Binaries = {
  initdb: string
  postgres: string
  rabbitmqServer: string
  epmd: string
  redisServer: string
}

type Need = { package: string; find: () => string | undefined }

const SERVERS: Record<keyof Binaries, Need> = {
  initdb: { package: 'postgresql', find: () => findBinary('initdb', postgresFolders()) },
  postgres: { package: 'postgresql', find: () => findBinary('postgres', postgresFolders()) },
  rabbitmqServer: { package: 'rabbitmq-server', find: () => findBinary('rabbitmq-server', RABBITMQ_FOLDERS) },
  epmd: { package: 'rabbitmq-server', find: () => findBinary('epmd', ['/usr/lib/erlang/bin']) },
  redisServer: { package: 'redis-server', find: () => findBinary('redis-server') },
}

const TRANSCODING: Record<string, Need> = {
  ffmpeg: { package: 'ffmpeg', find: () => findBinary('ffmpeg') },
  ffprobe: { package: 'ffmpeg', find: () => findBinary('ffprobe') },
}

// Each part of Swift is a package; its Python must be Debian's, where these packages install their modules.
const SWIFT: Record<string, Need> = Object.fromEntries(
  ['proxy', 'account', 'container', 'object'].map((part) => [
    part,
    { package: `swift-${part}`, find: () => findBinary(`swift-${part}-server`, ['/usr/bin']) },
  ]),
)
const DEBIAN_PYTHON = '/usr/bin/python3'

const BROWSER_NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

const BROWSING = {
  chromium: { package: 'chromium', find: () => BROWSER_NAMES.map((name) => findBinary(name)).find(Boolean) },
}

const EDGE = { nginx: { package: 'nginx', find: () => findBinary('nginx') } }

/**
 * Paths of the servers' programs. Installs what is missing when we are root and have apt-get; otherwise throws, naming
 * the packages.
 */
export async function findServerBinaries(log: (line: string) => void): Promise<Binaries> {
  await ensure(SERVERS, log)
  const path = (name: keyof Binaries) => SERVERS[name].find() ?? ''
  return {
    initdb: path('initdb'),
    postgres: path('postgres'),
    rabbitmqServer: path('rabbitmqServer'),
    epmd: path('epmd'),
    redisServer: path('redisServer'),
  }
}

/**
 * As `findServerBinaries`, for ffmpeg: the worker runs it on this machine even when the servers are in containers, and behind
 * bubblewrap where it can be installed.
 */
export async function ensureFfmpeg(log: (line: string) => void): Promise<void> {
  await ensure(TRANSCODING, log)
  if (canInstall() && !findBinary('bwrap')) await install(['bubblewrap']).catch((error: Error) => log(error.message))
}

/** As `findServerBinaries`, for tests on S3: the path of a Python that can run OpenStack Swift, whose proxy offers S3. */
export async function findSwiftPython(log: (line: string) => void): Promise<string> {
  await ensure(SWIFT, log)
  return DEBIAN_PYTHON
}

/** As `findServerBinaries`, for tests in a browser: the path of a Chromium. */
export async function findChromium(log: (line: string) => void): Promise<string> {
  await ensure(BROWSING, log)
  return BROWSING.chromium.find() ?? ''
}

/** As `findServerBinaries`, for tests with a cache in front: the path of nginx. */
export async function findNginx(log: (line: string) => void): Promise<string> {
  await ensure(EDGE, log)
  return EDGE.nginx.find() ?? ''
}

const ENGLISH_MODEL = '/usr/share/pocketsphinx/model/en-us'
const SPEECH: Record<string, Need> = {
  model: { package: 'pocketsphinx-en-us', find: () => (existsSync(ENGLISH_MODEL) ? ENGLISH_MODEL : undefined) },
}

/** As `findServerBinaries`, for tests of automatic captions: the folder of an English model for ffmpeg's filter `asr`. */
export async function findSpeechModel(log: (line: string) => void): Promise<string> {
  await ensure(SPEECH, log)
  return ENGLISH_MODEL
}

async function ensure(needs: Record<string, Need>, log: (line: string) => void): Promise<void> {
  const missing = () => [...new Set(Object.values(needs).flatMap((need) => (need.find() ? [] : need.package)))]
  const packages = missing()
  if (packages.length === 0) return
  if (!canInstall()) throw missingPackages(packages)
  log(`Installing from Debian's packages: ${packages.join(', ')}`)
  await install(packages)
  if (missing().length > 0) throw missingPackages(missing())
}

function canInstall(): boolean {
  return process.getuid?.() === 0 && findBinary('apt-get') !== undefined
}

function missingPackages(packages: string[]): Error {
  return new Error(
    `Not found on this machine: ${packages.join(', ')}. ` +
      `Install them (Debian, Ubuntu: sudo apt-get install ${packages.join(' ')}), start a Docker engine, ` +
      'or give the URLs of running servers in the KINORA_*_URL variables.',
  )
}

// Debian's packages start a system-wide server when they are installed, unless this file answers 101
// (invoke-rc.d(8)). We need only the programs.
const POLICY = '/usr/sbin/policy-rc.d'

async function install(packages: string[]): Promise<void> {
  const ours = !existsSync(POLICY)
  if (ours) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    await aptGet(['update', '-qq'])
    await aptGet(['install', '-y', '-qq', '--no-install-recommends', ...packages])
  } finally {
    if (ours) rmSync(POLICY, { force: true })
  }
}

async function aptGet(args: string[]): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  await run('apt-get', args, { env }).catch((error: { stderr?: string; message: string }) => {
    throw new Error(`apt-get ${args[0]} failed: ${error.stderr?.trim() || error.message}`)
  })
}

// sbin is where Debian puts rabbitmq-server, and is often not on a user's PATH.
const USUAL_FOLDERS = [
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/bin',
  '/opt/homebrew/sbin',
  '/opt/homebrew/bin',
]

/** The path of an executable: from `first`, then from PATH, then from the usual folders; `undefined` when it is in none. */
export function findBinary(name: string, first: string[] = []): string | undefined {
  return findExecutable(name, { first, last: USUAL_FOLDERS })
}

/** Debian keeps PostgreSQL's servers off the PATH, in one folder per major version; the newest comes first. */
function postgresFolders(): string[] {
  const root = '/usr/lib/postgresql'
  try {
    const versions = readdirSync(root).sort((a, b) => Number(b) - Number(a))
    return versions.map((version) => join(root, version, 'bin'))
  } catch {
    return []
  }
}

// Folders of the script itself: in Debian, /usr/sbin/rabbitmq-server is a wrapper that switches to the user rabbitmq.
const RABBITMQ_FOLDERS = ['/usr/lib/rabbitmq/bin', '/opt/rabbitmq/sbin']
