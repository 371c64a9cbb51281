import { closeOnFailure, type Lifecycle } from '@kinora/common/service'
import type { Backing, OwnBackingOptions, ServerControl } from '../backing.ts'
import { type Binaries, findServerBinaries } from './binaries.ts'
import { startNativePostgres } from './native-postgres.ts'
import { startNativeRabbitmq } from './native-rabbitmq.ts'
import { startNativeRedis } from './native-redis.ts'

/**
 * Starts the three servers as private instances of the programs on this machine, on free loopback ports. Throws when a
 * program is missing or a server does not answer in time; the others are stopped by then.
 */
export async function startNativeBacking(options: OwnBackingOptions): Promise<Backing> {
  const binaries = await findServerBinaries(options.log)
  return closeOnFailure((life) => startAll({ ...options, binaries }, life))
}

async function startAll(options: OwnBackingOptions & { binaries: Binaries }, life: Lifecycle): Promise<Backing> {
  // Throw-away data needs no orderly end, and RabbitMQ takes seconds to stop in order.
  const end = (control: ServerControl) => (options.durable ? control.stop() : control.kill())
  const [postgres, rabbitmq, redis] = await allOrThrow([
    startNativePostgres(options).then((server) => life.use(server, 'postgres', ({ control }) => end(control))),
    startNativeRabbitmq(options).then((server) => life.use(server, 'rabbitmq', ({ close }) => close())),
    startNativeRedis(options).then((server) => life.use(server, 'redis', ({ control }) => end(control))),
  ])
  return { kind: 'native', postgres, rabbitmq, redis, stop: () => life.close() }
}

/** Like Promise.all, but lets the others finish before it throws: a server that comes up late must be released too. */
async function allOrThrow<T extends readonly Promise<unknown>[]>(
  promises: readonly [...T],
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(promises)
  return Promise.all(promises)
}
