import type { ConfirmChannel, Message } from 'amqplib'
import type { EventEnvelope } from '../contract.ts'
import type { TaskMessage } from '../contracts/work.ts'
import { AppError } from '../errors.ts'
import type { ParkedMessage, PublishOptions, TaskQueue } from './bus.ts'
import type { BusMetrics } from './bus-metrics.ts'
import type { Link } from './link.ts'
import type { ManagedChannel } from './managed-channel.ts'
import { encode } from './rpc-wire.ts'
import { AGAIN_KEY, EVENTS, groupExchange, TASKS, taskKey } from './topology.ts'
import { currentTraceparent } from './tracing.ts'

const CONFIRM_TIMEOUT_MS = 5000

export interface Publication {
  exchange: string
  key: string
  type: string
  body: Buffer
  messageId?: string
  priority?: number
  headers?: Record<string, unknown>
}

/** Publishes persistent messages; resolves only when the broker has taken charge of them. */
export class Publisher {
  readonly #link: Link
  readonly #user: string
  readonly #metrics: () => BusMetrics | undefined
  readonly #channel: ManagedChannel<ConfirmChannel>
  readonly #unroutable = new Set<string>()
  #sequence = 0

  constructor(link: Link, user: string, metrics: () => BusMetrics | undefined) {
    this.#link = link
    this.#user = user
    this.#metrics = metrics
    this.#channel = link.confirmChannel('publisher', (channel) => this.#setUp(channel))
  }

  get ready(): Promise<void> {
    return this.#channel.ready
  }

  async publishEvent(envelope: EventEnvelope, { ifHeard }: PublishOptions): Promise<void> {
    const traceparent = envelope.traceparent ?? currentTraceparent()
    await this.publish(
      {
        exchange: EVENTS.name,
        key: envelope.type,
        type: envelope.type,
        messageId: envelope.id,
        body: encode(traceparent === undefined ? envelope : { ...envelope, traceparent }),
      },
      ifHeard,
    )
  }

  async redrive({ group, id, type, body }: Pick<ParkedMessage, 'group' | 'id' | 'type' | 'body'>): Promise<void> {
    await this.publish({
      exchange: groupExchange(group).name,
      key: AGAIN_KEY,
      type: type ?? 'unknown',
      messageId: id,
      body: Buffer.from(body),
    })
  }

  async sendTask(queue: TaskQueue, message: TaskMessage, priority = 0): Promise<void> {
    const traceparent = currentTraceparent()
    await this.publish({
      exchange: TASKS.name,
      key: taskKey(queue),
      type: `task.${queue}`,
      priority,
      body: encode(message),
      ...(traceparent !== undefined && { headers: { traceparent } }),
    })
  }

  async publish(publication: Publication, ifHeard = false): Promise<void> {
    let outcome = 'OK'
    try {
      await this.#confirmed(publication)
    } catch (error) {
      outcome = (error as AppError).code
      if (!ifHeard || outcome !== 'NO_RESPONDER') throw error
      // Not the name of an error: alerts go by those.
      outcome = 'UNHEARD'
    } finally {
      this.#metrics()?.published.inc({ type: publication.type, outcome })
    }
  }

  close(): Promise<void> {
    return this.#channel.close()
  }

  #confirmed({ exchange, key, type, body, messageId, priority, headers }: Publication): Promise<void> {
    const channel = this.#channel.current
    if (channel === undefined || this.#link.blocked) {
      return Promise.reject(new AppError('NOT_SENT', { retryAfterMs: 1000 }))
    }
    return new Promise((resolve, reject) => {
      const id = (this.#sequence++).toString(36)
      const timer = setTimeout(() => reject(new AppError('TIMEOUT')), CONFIRM_TIMEOUT_MS)
      const settle = (error: Error | null) => {
        clearTimeout(timer)
        // The broker returns what it cannot route before it confirms it.
        const unroutable = this.#unroutable.delete(id)
        if (error) reject(toPublishError(error))
        else if (unroutable)
          reject(new AppError('NO_RESPONDER', { detail: `No queue wants ${key}`, retryAfterMs: 1000 }))
        else resolve()
      }
      const properties = {
        type,
        correlationId: id,
        ...(messageId !== undefined && { messageId }),
        ...(priority !== undefined && { priority }),
        userId: this.#user,
        contentType: 'application/json',
        persistent: true,
        mandatory: true,
        headers: headers ?? {},
      }
      try {
        channel.publish(exchange, key, body, properties, settle)
      } catch (error) {
        clearTimeout(timer)
        reject(new AppError('NOT_SENT', { cause: error, retryAfterMs: 1000 }))
      }
    })
  }

  async #setUp(channel: ConfirmChannel): Promise<void> {
    channel.on('return', (message: Message) => this.#unroutable.add(message.properties.correlationId))
    channel.on('close', () => this.#unroutable.clear())
    await channel.checkExchange(EVENTS.name)
  }
}

/** amqplib has two words for it: nacked by the broker, or the channel closed before the answer. */
function toPublishError(error: Error): AppError {
  const code = error.message === 'message nacked' ? 'QUEUE_FULL' : 'CONNECTION_LOST'
  return new AppError(code, { cause: error, retryAfterMs: 1000 })
}
