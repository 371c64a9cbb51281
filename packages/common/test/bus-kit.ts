import { connect } from 'amqplib'
import { pino } from 'pino'
import { onTestFinished } from 'vitest'
import { z } from 'zod'
import { type Bus, type BusOptions, brokerTopology, connectBus } from '../src/bus/index.ts'
import { type Actor, defineContract, defineEvents, type EventEnvelope, type ServiceName } from '../src/contract.ts'

export interface Broker {
  amqpUrl(user: ServiceName): string
}

/** A bus with the rights of that service's broker user; drained when the test ends. */
export async function openBus(broker: Broker, user: ServiceName, options: Partial<BusOptions> = {}): Promise<Bus> {
  const bus = await connectAs(broker, user, options)
  onTestFinished(() => bus.drain())
  return bus
}

/** The same; whoever calls it drains it. */
export function connectAs(broker: Broker, user: ServiceName, options: Partial<BusOptions> = {}): Promise<Bus> {
  const logger = pino({ level: process.env.TEST_LOG_LEVEL ?? 'silent' })
  return connectBus({ url: broker.amqpUrl(user), service: user, logger, drainMs: 500, ...options })
}

export const user: Actor = { kind: 'user', userId: 'alice', sessionId: 's1', role: 'user' }
export const call = { actor: user, requestId: 'r1' }

const Text = z.strictObject({ text: z.string() })

/** Served as `media`, because the rights on the broker are those of the real services. */
export const media = defineContract('media', {
  echo: { summary: 'Says the same', input: Text, output: z.object({ text: z.string() }), errors: [], idempotent: true },
  whoAmI: {
    summary: 'Who asks',
    input: z.strictObject({}),
    output: z.unknown(),
    errors: [],
    idempotent: true,
    callers: ['gateway', 'worker', 'operator'],
  },
  fail: { summary: 'Fails', input: Text, output: Text, errors: ['VIDEO_NOT_FOUND'], idempotent: true },
  addOne: { summary: 'Is not idempotent', input: Text, output: Text, errors: [], idempotent: false },
})
export type TestMedia = typeof media

export const events = defineEvents({
  'video.changed': {
    summary: 'A video changed',
    version: 1,
    publisher: 'media',
    subscribers: [],
    listeners: ['gateway'],
    data: z.object({ title: z.string() }),
  },
  'task.finished': {
    summary: 'A task ended',
    version: 1,
    publisher: 'worker',
    subscribers: ['media'],
    listeners: [],
    data: z.object({ title: z.string() }),
  },
})

export function envelope(type: 'video.changed' | 'task.finished', title: string): EventEnvelope {
  return {
    id: crypto.randomUUID(),
    type,
    version: 1,
    occurredAt: new Date().toISOString(),
    aggregateId: 'v1',
    sequence: 1,
    data: { title },
  }
}

/** Adds queues for other retry delays than those of an installation, as its administrator would. */
export async function provisionRetries(
  { managementUrl, vhost }: { managementUrl: string; vhost: string },
  retryDelaysMs: number[],
): Promise<void> {
  const { origin, username, password } = new URL(managementUrl)
  const answer = await fetch(`${origin}/api/definitions/${encodeURIComponent(vhost)}`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${username}:${decodeURIComponent(password)}`).toString('base64')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify(brokerTopology(Object.values(events), retryDelaysMs)),
  })
  if (!answer.ok) throw new Error(`RabbitMQ answered ${answer.status}: ${await answer.text()}`)
}

/** A promise that a test settles by hand. */
export function gate(): { opened: Promise<void>; open: () => void } {
  let open: () => void = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}

/** Messages in a queue, seen by the administrator; they stay there. */
export async function peek(adminUrl: string, queue: string): Promise<{ count: number; body: string | undefined }> {
  const connection = await connect(adminUrl)
  try {
    const channel = await connection.createChannel()
    const { messageCount } = await channel.checkQueue(queue)
    const message = await channel.get(queue)
    if (message) channel.nack(message)
    return { count: messageCount, body: message ? message.content.toString() : undefined }
  } finally {
    await connection.close()
  }
}

/** Messages in a queue that nobody holds. */
export async function waitingIn(adminUrl: string, queue: string): Promise<number> {
  const connection = await connect(adminUrl)
  try {
    return (await (await connection.createChannel()).checkQueue(queue)).messageCount
  } finally {
    await connection.close()
  }
}
