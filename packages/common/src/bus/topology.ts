import type { Channel, Options } from 'amqplib'
import type { TaskQueue } from './bus.ts'

/**
 * The names on the broker. Every process declares what it uses; declaring again with the same arguments changes
 * nothing, so services may start in any order. No service may write to the default exchange, which reaches every queue:
 * that is why even replies and retries go through exchanges with names of their own.
 */

/** Who logs in to the broker; `operator` is the command line. */
export type ServiceName = 'gateway' | 'auth' | 'media' | 'worker' | 'operator'

export interface Exchange {
  name: string
  type: 'direct' | 'fanout' | 'topic'
}

export interface Queue {
  name: string
  options: Options.AssertQueue
  bindings: { exchange: Exchange; key: string }[]
}

export const EVENTS: Exchange = { name: 'events', type: 'topic' }
export const REPLIES: Exchange = { name: 'rpc.reply', type: 'direct' }
export const TASKS: Exchange = { name: 'tasks', type: 'direct' }

const REQUEST_QUEUE_LENGTH = 1000
const TASK_LATER_MS = 5000
/** Each priority costs the broker a queue of its own inside the queue. */
const MAX_TASK_PRIORITY = 9
/** The last resort against a message that kills every consumer; far above what our own counters allow. */
const DELIVERY_LIMIT = 50

/** One exchange per target, so that the right to call is a right to write. A fanout, because the routing key is taken. */
export function requestExchange(service: string): Exchange {
  return { name: `rpc.to.${service}`, type: 'fanout' }
}

/**
 * Requests for a service. The routing key of a request is the caller's reply queue: what the full queue refuses and what
 * expires in it is dead-lettered with that key to the reply exchange, so the caller is told at once and without the cost
 * of publisher confirms.
 */
export function requestQueue(service: string): Queue {
  return {
    name: `rpc.${service}`,
    options: {
      durable: true,
      autoDelete: true,
      maxLength: REQUEST_QUEUE_LENGTH,
      overflow: 'reject-publish-dlx',
      deadLetterExchange: REPLIES.name,
    },
    bindings: [{ exchange: requestExchange(service), key: '' }],
  }
}

/** Publisher confirms of a quorum queue mean: written to disk by a majority. */
const quorum = { 'x-queue-type': 'quorum', 'x-delivery-limit': DELIVERY_LIMIT }
/** Nothing is lost on the way from queue to queue; the broker demands `reject-publish` with it. */
const atLeastOnce = { ...quorum, 'x-dead-letter-strategy': 'at-least-once', 'x-overflow': 'reject-publish' }

/** A consumer group's own exchange: retries, parked messages, and the way back. */
export function groupExchange(group: string): Exchange {
  return { name: `events.${group}`, type: 'direct' }
}

export const PARKED_KEY = 'parked'
export const AGAIN_KEY = 'again'
export const retryKey = (delayMs: number): string => `retry.${delayMs}`

/** The queues of a consumer group: the main one, one per retry delay, and the parking lot. */
export function groupQueues(group: string, types: string[], retryDelaysMs: number[]): { main: Queue; others: Queue[] } {
  const own = groupExchange(group)
  const main: Queue = {
    name: `events.${group}`,
    options: {
      arguments: atLeastOnce,
      deadLetterExchange: own.name,
      deadLetterRoutingKey: PARKED_KEY,
    } as Options.AssertQueue,
    bindings: [...types.map((type) => ({ exchange: EVENTS, key: type })), { exchange: own, key: AGAIN_KEY }],
  }
  const retries = retryDelaysMs.map((delayMs) =>
    delayQueue(`events.${group}.retry.${delayMs}`, own, retryKey(delayMs), delayMs, own, AGAIN_KEY),
  )
  const parked: Queue = {
    name: `parked.${group}`,
    options: { arguments: quorum },
    bindings: [{ exchange: own, key: PARKED_KEY }],
  }
  return { main, others: [...retries, parked] }
}

export const taskKey = (kind: TaskQueue): string => `ranked.${kind}`
export const laterKey = (kind: TaskQueue): string => `ranked.${kind}.later`

/**
 * Tasks by priority, which of all durable queues only classic ones have on every RabbitMQ. A message that is lost with
 * its node is sent again by who keeps the task.
 */
export function taskQueues(kind: TaskQueue): { main: Queue; later: Queue } {
  return {
    main: {
      name: `tasks.ranked.${kind}`,
      options: { durable: true, maxPriority: MAX_TASK_PRIORITY },
      bindings: [{ exchange: TASKS, key: taskKey(kind) }],
    },
    later: delayQueue(`tasks.ranked.${kind}.later`, TASKS, laterKey(kind), TASK_LATER_MS, TASKS, taskKey(kind)),
  }
}

/** Holds messages for a while, then sends them on. */
function delayQueue(name: string, from: Exchange, key: string, delayMs: number, to: Exchange, toKey: string): Queue {
  return {
    name,
    options: { arguments: atLeastOnce, messageTtl: delayMs, deadLetterExchange: to.name, deadLetterRoutingKey: toKey },
    bindings: [{ exchange: from, key }],
  }
}

export async function declareExchange(channel: Channel, { name, type }: Exchange): Promise<void> {
  await channel.assertExchange(name, type, { durable: true })
}

export async function declareQueue(channel: Channel, { name, options, bindings }: Queue): Promise<void> {
  await channel.assertQueue(name, options)
  for (const { exchange, key } of bindings) {
    await declareExchange(channel, exchange)
    await channel.bindQueue(name, exchange.name, key)
  }
}

export interface Permissions {
  /** Regular expressions over names of exchanges and queues, as RabbitMQ has them. */
  configure: string
  write: string
  read: string
}

/** Matches exactly these names; `amq.gen-…` stands for the private queues that the broker names. */
const exactly = (...names: string[]): string => `^(${names.join('|')})$`
const PRIVATE_QUEUE = 'amq\\.gen-.*'

/**
 * The least each service's broker user needs. To declare is to configure; to bind is to write to the queue and read from
 * the exchange; a dead-letter target must be writable by who declares the queue.
 */
export const BROKER_PERMISSIONS: Record<ServiceName, Permissions> = {
  gateway: {
    configure: exactly('rpc\\.to\\.(auth|media)', 'rpc\\.reply', 'events', PRIVATE_QUEUE),
    write: exactly('rpc\\.to\\.(auth|media)', PRIVATE_QUEUE),
    read: exactly('rpc\\.reply', 'events', PRIVATE_QUEUE),
  },
  auth: {
    configure: exactly('rpc\\.(to\\.)?auth', 'rpc\\.reply', 'events(\\.auth.*)?', 'parked\\.auth'),
    write: exactly('rpc\\.(to\\.)?auth', 'rpc\\.reply', 'events(\\.auth.*)?', 'parked\\.auth'),
    read: exactly('rpc\\.(to\\.)?auth', 'events(\\.auth.*)?'),
  },
  media: {
    configure: exactly('rpc\\.(to\\.)?media', 'rpc\\.reply', 'events(\\.media.*)?', 'parked\\.media', 'tasks(\\..*)?'),
    write: exactly('rpc\\.(to\\.)?media', 'rpc\\.reply', 'events(\\.media.*)?', 'parked\\.media', 'tasks(\\..*)?'),
    read: exactly('rpc\\.(to\\.)?media', 'events(\\.media.*)?', 'tasks(\\..*)?'),
  },
  worker: {
    configure: exactly('rpc\\.to\\.media', 'rpc\\.reply', 'events', 'tasks(\\..*)?', PRIVATE_QUEUE),
    write: exactly('rpc\\.to\\.media', 'events', 'tasks(\\..*)?', PRIVATE_QUEUE),
    read: exactly('rpc\\.reply', 'tasks(\\..*)?', PRIVATE_QUEUE),
  },
  operator: {
    configure: exactly('rpc\\.to\\.(auth|media)', 'rpc\\.reply', 'events', PRIVATE_QUEUE),
    write: exactly('rpc\\.to\\.(auth|media)', PRIVATE_QUEUE),
    read: exactly('rpc\\.reply', 'events', PRIVATE_QUEUE),
  },
}

/** Who may say and hear what on the topic exchange `events`: regular expressions over routing keys. */
export const BROKER_TOPIC_PERMISSIONS: Record<ServiceName, { exchange: string; write: string; read: string }> = {
  gateway: { exchange: EVENTS.name, write: '^$', read: '^(auth|video|playback)\\.' },
  auth: { exchange: EVENTS.name, write: '^auth\\.', read: '^(video\\.owner-erased|audit\\.noted)$' },
  media: { exchange: EVENTS.name, write: '^(video|playback|audit)\\.', read: '^(auth|video|playback|task)\\.' },
  worker: { exchange: EVENTS.name, write: '^task\\.', read: '^$' },
  operator: { exchange: EVENTS.name, write: '^$', read: '^video\\.milestone-reached$' },
}
