import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { OwnBackingOptions, RedisServer, ServerControl } from '../backing.ts'
import { freePort } from '../free-port.ts'
import { probeRedis } from '../probes.ts'
import type { Binaries } from './binaries.ts'

import { startPrivateServer } from './private-server.ts'

export async function startNativeRedis(
  options: OwnBackingOptions & { binaries: Pick<Binaries, 'redisServer'> },
): Promise<RedisServer & { control: ServerControl }> {
  const dir = join(options.dir, 'redis')
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const port = await freePort()
  const settings = [
    'bind 127.0.0.1',
    `port ${port}`,
    `requirepass ${options.passwords.redis}`,
    `dir ${dir}`,
    'save ""',
    `appendonly ${options.durable ? 'yes' : 'no'}`,
  ]
  const file = join(dir, 'redis.conf')
  writeFileSync(file, `${settings.join('\n')}\n`, { mode: 0o600 })
  const url = `redis://:${options.passwords.redis}@127.0.0.1:${port}`
  const control = await startPrivateServer({
    name: 'redis',
    command: options.binaries.redisServer,
    args: [file],
    env: { PATH: process.env.PATH },
    dir,
    stopSignal: 'SIGTERM',
    probe: () => probeRedis(url),
    durable: options.durable,
    log: options.log,
  })
  return { url, control }
}
