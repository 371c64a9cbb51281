import type { Lifecycle } from '@kinora/common/service'
import { closeOnFailure } from '../../close-on-failure.ts'
import type { AdminPasswords } from '../admin-passwords.ts'
import type { Backing, BackingOptions, ServerControl } from '../backing.ts'
import { type Binaries, findServerBinaries } from './binaries.ts'
import { startNativePostgres } from './native-postgres.ts'
import { startNativeRabbitmq } from './native-rabbitmq.ts'
import { startNativeRedis } from './native-redis.ts'

export type NativeOptions = BackingOptions & { passwords: AdminPasswords }

/** The three servers as private instances of what is installed on this machine, on free loopback ports. */
export async function startNativeBacking(options: NativeOptions): Promise<Backing> {
  const binaries = await findServerBinaries(options.log)
  return closeOnFailure((life) => startAll({ ...options, binaries }, life))
}

async function startAll(options: NativeOptions & { binaries: Binaries }, life: Lifecycle): Promise<Backing> {
  // Throw-away data needs no orderly end, and RabbitMQ takes seconds over one.
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
