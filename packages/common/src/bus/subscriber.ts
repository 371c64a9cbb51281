import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ConsumeMessage } from 'amqplib'
import type { EventEnvelope } from '../contract.ts'
import { AppError, toAppError } from '../errors.ts'
import type { Logger } from '../service/telemetry.ts'
import type { ParkedMessage, SubscribeOptions } from './bus.ts'
import type { BusMetrics } from './bus-metrics.ts'
import { assertPublisher, byType, ForgedEventError, readEvent } from './envelope.ts'
import type { Link } from './link.ts'
import type { Publisher } from './publisher.ts'
import { type Delivery, QueueConsumer } from './queue-consumer.ts'
import { groupExchange, groupQueues, PARKED_KEY, RETRY_DELAYS_MS, retryKey } from './topology.ts'
import { tracedReceive } from './tracing.ts'

const DEFAULT_PREFETCH = 16
const REPUBLISH_PAUSE_MS = 1000
/** Brokers count nacks, rejects and lost channels differently, so this header decides. Counts from 1. */
const ATTEMPT_HEADER = 'x-attempt'
/** So often a message may be given back unsettled, which is what a message that kills its consumers looks like. */
const LOST_DELIVERIES = 5

interface SubscriberDeps {
  link: Link
  publisher: Publisher
  /** The broker user that this process logs in as. */
  user: string
  logger: Logger
  metrics: () => BusMetrics | undefined
}

/** A consumer group: each event is handled until it succeeds, is retried after each delay, and ends in the parking lot. */
export function createSubscriber(deps: SubscriberDeps, options: SubscribeOptions): QueueConsumer {
  const { group, events } = options
  const delays = options.retryDelaysMs ?? RETRY_DELAYS_MS
  const types = byType(events)
  const own = groupExchange(group).name
  const queues = groupQueues(group, [...types.keys()], delays)

  async function handle(delivery: Delivery): Promise<void> {
    const { message, signal } = delivery
    const attempt = Number(message.properties.headers?.[ATTEMPT_HEADER] ?? 1)
    try {
      // First: no header of a forged message counts, nor may it reach the dead letters.
      assertPublisher(message, types, { exchange: own, user: deps.user })
      refusePoison(message)
      const envelope = readEvent(message, types)
      await tracedReceive('consumer', `events ${envelope.type}`, traceOf(envelope), () =>
        options.handle(envelope, { signal, attempt }),
      )
      delivery.ack()
      count(message, 'handled')
    } catch (thrown) {
      // Somebody else has the message by now.
      if (signal.aborted) return
      if (thrown instanceof ForgedEventError) return drop(delivery, thrown)
      await moveOn(delivery, attempt, toAppError(thrown))
    }
  }

  function drop(delivery: Delivery, error: ForgedEventError): void {
    const { userId, type } = delivery.message.properties
    deps.logger.error({ err: error, group, type, userId }, 'an event that its sender must not publish was dropped')
    delivery.ack()
    count(delivery.message, 'refused')
  }

  async function moveOn(delivery: Delivery, attempt: number, error: AppError): Promise<void> {
    const delayMs = delays[attempt - 1]
    const hopeless = error.code === 'VALIDATION_FAILED' || error.code === 'POISON' || delayMs === undefined
    const context = { err: error, group, type: delivery.message.properties.type, attempt }
    deps.logger.warn(context, hopeless ? 'an event goes to the parking lot' : 'an event is retried later')
    if (hopeless) await persist(delivery, () => park(delivery.message, attempt, error))
    else
      await persist(delivery, () => republish(delivery.message, retryKey(delayMs), { [ATTEMPT_HEADER]: attempt + 1 }))
    count(delivery.message, hopeless ? 'parked' : 'retried')
  }

  async function park(message: ConsumeMessage, attempts: number, error: AppError): Promise<void> {
    if (options.park) await options.park(describe(group, message, attempts, error))
    else await republish(message, PARKED_KEY, { [ATTEMPT_HEADER]: attempts, 'x-error': error.code })
  }

  function republish(
    { content, properties }: ConsumeMessage,
    key: string,
    headers: Record<string, unknown>,
  ): Promise<void> {
    const { type, messageId } = properties
    return deps.publisher.publish({ exchange: own, key, type: type ?? 'unknown', body: content, messageId, headers })
  }

  /** Tries until it is done and acknowledges then; a lost channel ends it, because the message comes again. */
  async function persist({ signal, ack }: Delivery, step: () => Promise<void>): Promise<void> {
    while (!signal.aborted) {
      try {
        await step()
        return ack()
      } catch (error) {
        deps.logger.warn({ err: error, group }, 'an event could not be put aside yet')
        await sleep(REPUBLISH_PAUSE_MS)
      }
    }
  }

  function count(message: ConsumeMessage, outcome: 'handled' | 'retried' | 'parked' | 'refused'): void {
    const type = types.has(message.properties.type) ? message.properties.type : 'unknown'
    deps.metrics()?.consumed.inc({ group, type, outcome })
  }

  return new QueueConsumer(deps.link, {
    name: `events ${group}`,
    queue: queues.main.name,
    prefetch: options.prefetch ?? DEFAULT_PREFETCH,
    declare: async (channel) => {
      await channel.checkExchange(own)
      for (const { name } of [...queues.others, queues.main]) await channel.checkQueue(name)
    },
    handle,
  })
}

function refusePoison({ properties }: ConsumeMessage): void {
  if (Number(properties.headers?.['x-delivery-count'] ?? 0) >= LOST_DELIVERIES) throw new AppError('POISON')
}

function traceOf({ traceparent }: EventEnvelope): Record<string, string> {
  return traceparent === undefined ? {} : { traceparent }
}

function describe(
  group: string,
  { content, properties }: ConsumeMessage,
  attempts: number,
  error: AppError,
): ParkedMessage {
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : ''
  return {
    group,
    id: properties.messageId ?? createHash('sha256').update(content).digest('hex'),
    type: properties.type ?? null,
    body: content.toString(),
    attempts,
    error: { code: error.code, message: `${error.message}${cause}` },
  }
}
