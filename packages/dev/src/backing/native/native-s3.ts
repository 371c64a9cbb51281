import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { REPOSITORY } from '../../repository.ts'
import { type BackingOptions, newPassword, type S3Server } from '../backing.ts'
import { freePort } from '../free-port.ts'
import { probeHttp } from '../probes.ts'
import { findSwiftPython } from './binaries.ts'
import { startPrivateServer } from './private-server.ts'

const PROGRAM = join(REPOSITORY, 'packages/dev/src/backing/native/swift-server.py')

/**
 * Starts OpenStack Swift with its S3 interface, on one folder. `dir` must be on a file system with extended attributes,
 * which a tmpfs may lack.
 */
export async function startNativeS3({ dir, durable, log }: BackingOptions): Promise<S3Server> {
  const python = await findSwiftPython(log)
  const [etc, disks] = [join(dir, 'etc'), join(dir, 'disks')]
  for (const folder of [etc, join(disks, 'd1'), join(disks, 'cache')]) mkdirSync(folder, { recursive: true })
  const secretAccessKey = newPassword()
  for (const [name, content] of Object.entries(swiftSettings({ etc, disks }, secretAccessKey))) {
    writeFileSync(join(etc, name), content, { mode: 0o600 })
  }
  const port = await freePort()
  const storePorts = [await freePort(), await freePort(), await freePort()]
  const endpoint = `http://127.0.0.1:${port}`
  const control = await startPrivateServer({
    name: 'swift',
    command: python,
    args: [PROGRAM, dir, ...[port, ...storePorts].map(String)],
    env: { PATH: process.env.PATH, LANG: 'C.UTF-8' },
    dir,
    stopSignal: 'SIGTERM',
    probe: () => probeHttp(endpoint),
    durable,
    log,
  })
  return { endpoint, accessKeyId: `${SWIFT_USER.account}:${SWIFT_USER.name}`, secretAccessKey, control }
}

const STORES = ['account', 'container', 'object'] as const

const SWIFT_USER = { account: 'kinora', name: 'kinora' }

type Folders = {
  /** Holds the settings files. */
  etc: string
  /** Holds the folder of the disk, `d1`. */
  disks: string
}

/** The settings files of a Swift with one disk: content by name. */
function swiftSettings({ etc, disks }: Folders, password: string): Record<string, string> {
  const stores = STORES.map((name) => [`${name}.conf`, storeSettings(name, { etc, disks })])
  return {
    'swift.conf': section('swift-hash', { swift_hash_path_suffix: 'kinora' }),
    ...Object.fromEntries(stores),
    'proxy.conf': proxySettings(etc, password),
  }
}

function storeSettings(name: string, { etc, disks }: Folders): string {
  const places = { devices: disks, mount_check: 'false', disable_fallocate: 'true' }
  return [
    section('DEFAULT', { ...common(etc), ...places }),
    section('pipeline:main', { pipeline: `${name}-server` }),
    section(`app:${name}-server`, { use: `egg:swift#${name}`, recon_cache_path: join(disks, 'cache') }),
  ].join('\n')
}

/** `s3api` translates S3 requests; it stores multipart uploads as objects of `slo`. */
function proxySettings(etc: string, password: string): string {
  const { account, name } = SWIFT_USER
  const plain = ['catch_errors', 'bulk', 'slo', 'dlo', 'versioned_writes', 'symlink']
  return [
    section('DEFAULT', common(etc)),
    section('pipeline:main', {
      pipeline: 'catch_errors cache s3api tempauth bulk slo dlo versioned_writes symlink proxy-server',
    }),
    section('app:proxy-server', { use: 'egg:swift#proxy', account_autocreate: 'true' }),
    section('filter:tempauth', { use: 'egg:swift#tempauth', [`user_${account}_${name}`]: `${password} .admin` }),
    section('filter:s3api', { use: 'egg:swift#s3api', location: 'us-east-1', min_segment_size: '5242880' }),
    // tempauth needs the filter, but no memcached behind it: with one disk there is nothing to look up twice.
    section('filter:cache', { use: 'egg:swift#memcache', memcache_servers: '127.0.0.1:1' }),
    ...plain.map((filter) => section(`filter:${filter}`, { use: `egg:swift#${filter}` })),
  ].join('\n')
}

/**
 * Long timeouts, so that no request is abandoned on a busy machine: a daemon that does not run here would have to repeat a late
 * update of a listing, and a store that answered late would not be asked for a minute.
 */
function common(etc: string): Record<string, string> {
  const patience = { conn_timeout: '60', node_timeout: '60', recoverable_node_timeout: '60' }
  const late = { container_update_timeout: '60', error_suppression_limit: '1000000' }
  return { swift_dir: etc, log_level: 'ERROR', ...patience, ...late }
}

function section(name: string, settings: Record<string, string>): string {
  return [`[${name}]`, ...Object.entries(settings).map(([key, value]) => `${key} = ${value}`), ''].join('\n')
}
