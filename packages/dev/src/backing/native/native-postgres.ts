import { execFile } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { PostgresServer, ServerControl } from '../backing.ts'
import { freePort } from '../free-port.ts'
import { probePostgres } from '../probes.ts'
import type { Binaries } from './binaries.ts'
import { findBinary } from './find-binary.ts'
import type { NativeOptions } from './native-backing.ts'
import { type PrivateServer, startPrivateServer } from './private-server.ts'
import { dropPrivileges, type UnprivilegedUser, unprivilegedUser } from './unprivileged-user.ts'

const run = promisify(execFile)
const ADMIN = 'kinora_admin'

// Throw-away data: a crash of the machine may lose it, a crash of the server may not.
const FAST = ['fsync=off', 'full_page_writes=off', 'synchronous_commit=off', 'max_wal_size=2GB']

export async function startNativePostgres(
  options: NativeOptions & { binaries: Binaries },
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
  // Renamed when it is complete, so that an interrupted first start is not taken for a database.
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
