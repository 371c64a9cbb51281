import { type Bus, connectBus } from '@kinora/common/bus'
import type { Contract, EventType, Handlers } from '@kinora/common/contract'
import { AppError } from '@kinora/common/errors'
import type { TestEnvironment } from '@kinora/dev/harness'
import { pino } from 'pino'

/** Handlers that a test may replace while the service runs. */
export type Answers<C extends Contract> = { -readonly [K in keyof C]?: Handlers<C>[K] }

/** A service that answers over the real broker with the handlers of a test, and with INTERNAL to all other methods. */
export interface StubService<C extends Contract> {
  on: Answers<C>
  /** Number of calls by method. */
  calls: Record<string, number>
  bus: Bus
  say<E extends EventType>(event: E, aggregateId: string, sequence: number, data: unknown): Promise<void>
  stop(): Promise<void>
}

export async function stubService<C extends Contract>(
  world: TestEnvironment,
  service: 'auth' | 'media',
  contract: C,
  on: Answers<C>,
): Promise<StubService<C>> {
  const bus = await connectBus({
    url: world.amqpUrl(service),
    service,
    logger: pino({ level: 'silent' }),
    drainMs: 500,
  })
  world.use(bus, service, (it) => it.drain())
  const stub: StubService<C> = { on, calls: {}, bus, say, stop: () => bus.drain() }
  await bus.serve(contract, answering(contract, stub))
  return stub

  async function say(event: EventType, aggregateId: string, sequence: number, data: unknown): Promise<void> {
    const { type, version } = event
    const occurredAt = new Date().toISOString()
    await bus.publish({ id: crypto.randomUUID(), type, version, occurredAt, aggregateId, sequence, data })
  }
}

function answering<C extends Contract>(contract: C, stub: StubService<C>): Handlers<C> {
  const entries = Object.keys(contract).map((name) => [
    name,
    async (input: never, call: never) => {
      stub.calls[name] = (stub.calls[name] ?? 0) + 1
      const handler = stub.on[name as keyof C]
      if (!handler) throw new AppError('INTERNAL')
      return await handler(input, call)
    },
  ])
  return Object.fromEntries(entries) as Handlers<C>
}
