import type { Channel, Options } from 'amqplib'
import type { TaskQueue } from './bus.ts'

/**
 * The names on the broker. Exchanges and shared queues exist before any service starts: provisioning and the definitions
 * file create them (`brokerTopology`), and services, which have no right to create or delete them, only check that they are
 * there. A service declares its own request queue and its private queues.
 *
 * No service may write to the default exchange, which reaches every queue: that is why even replies and retries go through
 * exchanges with names of their own.
 */

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
/**
 * Requests that a full queue refused or that expired in it come back here. A topic exchange, because only there the broker
 * asks at each binding whose keys one may receive.
 */
export const RETURNED: Exchange = { name: 'rpc.returned', type: 'topic' }
/** `transcribe`: only for workers with an engine for it. */
export const TASK_QUEUES = ['short', 'long', 'transcribe'] as const satisfies readonly TaskQueue[]
export const TASKS: Exchange = { name: 'tasks', type: 'direct' }

const REQUEST_QUEUE_LENGTH = 1000
const TASK_LATER_MS = 5000
export const RETRY_DELAYS_MS = [5000, 60_000, 600_000]
/** Each priority costs the broker a queue of its own inside the queue. */
const MAX_TASK_PRIORITY = 9
/** The last resort against a message that kills every consumer; far above what our own counters allow. */
const DELIVERY_LIMIT = 50

/** One exchange per target, so that the right to call is a right to write. A fanout, because the routing key is taken. */
export function requestExchange(service: string): Exchange {
  return { name: `rpc.to.${service}`, type: 'fanout' }
}

/** Answers to one caller: nobody else may receive from it, and only the services it calls may publish to it. */
export function replyExchange(caller: string): Exchange {
  return { name: `rpc.reply.${caller}`, type: 'direct' }
}

/** Routing key of a request and of its reply: the caller, then the private queue that it waits at. */
export const replyKey = (caller: string, queue: string): string => `${caller}.${queue}`

/**
 * Requests for a service, in the queue that it declares itself, so that without a running process there is no queue and
 * callers are answered at once. What the full queue refuses and what expires in it is dead-lettered with its routing key,
 * the caller's reply key, so the caller knows without the cost of publisher confirms.
 */
export function requestQueue(service: string): Queue {
  return {
    name: `rpc.${service}`,
    options: {
      durable: true,
      autoDelete: true,
      maxLength: REQUEST_QUEUE_LENGTH,
      overflow: 'reject-publish-dlx',
      deadLetterExchange: RETURNED.name,
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
export function groupQueues(
  group: string,
  types: string[],
  retryDelaysMs: readonly number[],
): { main: Queue; others: Queue[] } {
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
 * its node is sent again by the service that keeps the task.
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

/** Declares a service's own request queue. */
export async function declareRequestQueue(channel: Channel, service: string): Promise<string> {
  const { name, options, bindings } = requestQueue(service)
  await channel.assertQueue(name, options)
  for (const { exchange, key } of bindings) await channel.bindQueue(name, exchange.name, key)
  return name
}
