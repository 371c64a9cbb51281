import { execFile, spawnSync } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { OwnBackingOptions, PostgresServer, ServerControl } from '../backing.ts'
import { freePort } from '../free-port.ts'
import { probePostgres } from '../probes.ts'
import { type Binaries, findBinary } from './binaries.ts'

import { type PrivateServer, startPrivateServer } from './private-server.ts'

const run = promisify(execFile)
const ADMIN = 'kinora_admin'

// For throw-away data: a crash of the machine may lose it, a crash of the server may not.
const FAST = ['fsync=off', 'full_page_writes=off', 'synchronous_commit=off', 'max_wal_size=2GB']

export async function startNativePostgres(
  options: OwnBackingOptions & { binaries: Pick<Binaries, 'initdb' | 'postgres'> },
): Promise<PostgresServer & { control: ServerControl }> {
  const dir = join(options.dir, 'postgres')
  const user = unprivilegedUser()
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  if (user) chownSync(dir, user.uid, user.gid)
  const privileges = user ? dropPrivileges(user, dir) : []
  const password = options.passwords.postgres
  if (!existsSync(join(dir, 'data'))) await initialise(options.binaries.initdb, dir, password, user, privileges)

  const port = await freePort()
  const adminUrl = `postgres://${ADMIN}:${password}@127.0.0.1:${port}/postgres`
  const settings = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=400',
    ...(options.durable ? [] : FAST),
  ]
  const server: PrivateServer = {
    name: 'postgres',
    command: options.binaries.postgres,
    args: ['-D', join(dir, 'data'), ...settings.flatMap((setting) => ['-c', setting])],
    env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' },
    dir,
    privileges,
    // SIGINT is PostgreSQL's fast shutdown: SIGTERM would wait for every client to leave.
    stopSignal: 'SIGINT',
    probe: () => probePostgres(adminUrl),
    durable: options.durable,
    log: options.log,
  }
  return { adminUrl, control: await startPrivateServer(server) }
}

async function initialise(
  initdb: string,
  dir: string,
  password: string,
  user: UnprivilegedUser | undefined,
  privileges: string[],
): Promise<void> {
  // Renamed once it is complete: otherwise an interrupted first start would be taken for a database.
  const unfinished = join(dir, 'data.unfinished')
  rmSync(unfinished, { recursive: true, force: true })
  const passwordFile = join(dir, 'password')
  writeFileSync(passwordFile, password, { mode: 0o600 })
  if (user) chownSync(passwordFile, user.uid, user.gid)
  const args = ['-D', unfinished, '-U', ADMIN, '-A', 'scram-sha-256', `--pwfile=${passwordFile}`]
  args.push('-E', 'UTF8', '--locale=C.UTF-8', '--no-sync', '--no-instructions')
  const setpriv = findBinary('setpriv')
  try {
    if (privileges.length > 0 && setpriv) await run(setpriv, [...privileges, initdb, ...args], { cwd: dir })
    else await run(initdb, args, { cwd: dir })
  } finally {
    rmSync(passwordFile, { force: true })
  }
  renameSync(unfinished, join(dir, 'data'))
}

type UnprivilegedUser = { uid: number; gid: number }

/** The user to run a server as that refuses root; `undefined` when we are not root. Throws when no such user exists. */
function unprivilegedUser(): UnprivilegedUser | undefined {
  if (process.getuid?.() !== 0) return undefined
  const passwd = readFileSync('/etc/passwd', 'utf8').split('\n')
  for (const name of ['postgres', 'nobody']) {
    const fields = passwd.find((line) => line.startsWith(`${name}:`))?.split(':')
    if (fields) return { uid: Number(fields[2]), gid: Number(fields[3]) }
  }
  throw new Error('PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody')
}

/**
 * `setpriv` options that drop to the user. When the user cannot reach `dir` (a checkout in /root, mode 0700), the process
 * keeps the one capability that passes directory permissions, since PostgreSQL checks only the user id.
 */
function dropPrivileges({ uid, gid }: UnprivilegedUser, dir: string): string[] {
  const drop = [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups']
  if (spawnSync('setpriv', [...drop, 'test', '-x', dir]).status === 0) return drop
  return [...drop, '--inh-caps=+dac_override', '--ambient-caps=+dac_override']
}
