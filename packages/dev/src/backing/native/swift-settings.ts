import { join } from 'node:path'

const STORES = ['account', 'container', 'object'] as const

export const SWIFT_USER = { account: 'kinora', name: 'kinora' }

type Folders = {
  /** Of the settings. */
  etc: string
  /** Holds the disk, `d1`. */
  disks: string
}

/** Files of a Swift of one disk, by name. */
export function swiftSettings({ etc, disks }: Folders, password: string): Record<string, string> {
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

/** `s3api` translates; `slo` is what its multipart uploads are made of. */
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
    // tempauth insists on the filter, not on a memcached behind it: one disk has nothing to look up twice.
    section('filter:cache', { use: 'egg:swift#memcache', memcache_servers: '127.0.0.1:1' }),
    ...plain.map((filter) => section(`filter:${filter}`, { use: `egg:swift#${filter}` })),
  ].join('\n')
}

/**
 * On a machine that is busy nothing is given up: a listing that was not told of an object in time would be told by a daemon
 * that does not run here, and a store that was late would be left alone for a minute.
 */
function common(etc: string): Record<string, string> {
  const patience = { conn_timeout: '60', node_timeout: '60', recoverable_node_timeout: '60' }
  const late = { container_update_timeout: '60', error_suppression_limit: '1000000' }
  return { swift_dir: etc, log_level: 'ERROR', ...patience, ...late }
}

function section(name: string, settings: Record<string, string>): string {
  return [`[${name}]`, ...Object.entries(settings).map(([key, value]) => `${key} = ${value}`), ''].join('\n')
}
