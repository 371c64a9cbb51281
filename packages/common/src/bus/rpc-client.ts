import { randomUUID } from 'node:crypto'
import type { Channel, ConsumeMessage, Message } from 'amqplib'
import type { Method } from '../contract.ts'
import { AppError, type ErrorCode, toAppError } from '../errors.ts'
import type { Logger } from '../service/telemetry.ts'
import { Breaker } from './breaker.ts'
import type { BreakerState, CallOptions } from './bus.ts'
import type { BusMetrics } from './bus-metrics.ts'
import type { Link } from './link.ts'
import type { ManagedChannel } from './managed-channel.ts'
import * as wire from './rpc-wire.ts'
import { RETURNED, replyExchange, replyKey, requestExchange } from './topology.ts'
import { tracedCall } from './tracing.ts'

const DEFAULT_TIMEOUT_MS = 5000
const PING_TIMEOUT_MS = 1000
/** Longer than any stall of the event loop that is not an outage by itself. */
const ECHO_TIMEOUT_MS = 4000
/** Calls to one target that may wait at the same time; beyond it the target is drowning anyway. */
const PENDING_LIMIT = 2000
/** After a reconnect the other side may still be reconnecting (see Backoff); that is no sign of its death. */
const RECONNECT_GRACE_MS = 15_000

interface Target {
  service: string
  exchange: string
  breaker: Breaker
  pending: number
}

interface Pending {
  target: Pick<Target, 'service' | 'pending'>
  resolve: (output: Buffer) => void
  reject: (error: AppError) => void
  timer: NodeJS.Timeout
}

interface Request {
  name: string
  body: Buffer
  timeoutMs: number
  requestId: string
  headers: Record<string, string> | undefined
  signal: AbortSignal | undefined
}

export interface RpcClientOptions {
  /** The broker user that this process logs in as. */
  user: string
  logger: Logger
  breaker: { failures: number; resetMs: number }
  metrics: () => BusMetrics | undefined
}

/**
 * Sends requests and matches replies. One channel carries both, so that its loss settles every call that waits. A reply
 * counts only when the broker vouches that the called service sent it.
 */
export class RpcClient {
  readonly #link: Link
  readonly #options: RpcClientOptions
  #channel: ManagedChannel<Channel> | undefined
  #opening: ManagedChannel<Channel> | undefined
  readonly #targets = new Map<string, Target>()
  readonly #pending = new Map<string, Pending>()
  readonly #replies: string
  #replyKey = ''
  #graceUntil = 0
  #draining = false

  constructor(link: Link, options: RpcClientOptions) {
    this.#link = link
    this.#options = options
    this.#replies = replyExchange(options.user).name
  }

  get breakers(): Record<string, BreakerState> {
    return Object.fromEntries([...this.#targets.values()].map(({ service, breaker }) => [service, breaker.state]))
  }

  get pending(): Record<string, number> {
    return Object.fromEntries([...this.#targets.values()].map(({ service, pending }) => [service, pending]))
  }

  /** Resolves with the output as it came, in JSON. */
  async call(method: Method, input: unknown, call: CallOptions): Promise<Buffer> {
    const startedAt = performance.now()
    const target = this.#target(method.service)
    let outcome: ErrorCode | 'OK' = 'OK'
    try {
      target.breaker.admit()
      const answer = await this.#request(target, method, input, call)
      target.breaker.answered()
      return answer
    } catch (thrown) {
      const error = toAppError(thrown)
      outcome = error.code
      if (performance.now() > this.#graceUntil && !call.signal?.aborted) {
        target.breaker.failed(outcome, call.actor, call.client?.ip)
      }
      throw error
    } finally {
      this.#options.metrics()?.clientSeconds.record(`${method.service}.${method.name}`, outcome, startedAt)
    }
  }

  /** Resolves when nothing waits any more. New calls are refused from now on. */
  async drain(untilMs: number): Promise<void> {
    this.#draining = true
    while (this.#pending.size > 0 && performance.now() < untilMs) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    for (const { breaker } of this.#targets.values()) breaker.close()
    this.#lost()
  }

  #target(service: string): Target {
    let target = this.#targets.get(service)
    if (target === undefined) {
      const breaker = new Breaker(service, { ...this.#options.breaker, ping: () => this.ping(service) })
      const exchange = requestExchange(service).name
      target = { service, exchange, breaker, pending: 0 }
      this.#targets.set(service, target)
    }
    return target
  }

  #request(target: Target, method: Method, input: unknown, call: CallOptions): Promise<Buffer> {
    const { actor, client } = call
    return tracedCall(method, (headers) =>
      this.#send(target, {
        name: method.name,
        body: wire.encode({ actor, client, input } satisfies wire.RequestBody),
        timeoutMs: call.timeoutMs ?? DEFAULT_TIMEOUT_MS,
        requestId: call.requestId,
        headers,
        signal: call.signal,
      }),
    )
  }

  /** Resolves when a process of `service` answers within a second; asked past the breaker. */
  ping(service: string): Promise<unknown> {
    const body = wire.encode({})
    const request = {
      name: wire.PING,
      body,
      timeoutMs: PING_TIMEOUT_MS,
      requestId: 'ping',
      headers: undefined,
      signal: undefined,
    }
    return this.#send(this.#target(service), request)
  }

  #send(target: Target, request: Request): Promise<Buffer> {
    if (this.#channel === undefined) return this.#open(request.timeoutMs).then(() => this.#send(target, request))
    const channel = this.#channel.current
    if (channel === undefined || this.#draining) return Promise.reject(notSent('Not connected to the broker'))
    if (this.#link.blocked) return Promise.reject(notSent('The broker is out of resources'))
    return this.#sendOn(channel, target, request)
  }

  /**
   * Sends a message to ourselves, the way replies come. Rejects when it does not return in four seconds: somebody has
   * unbound or deleted what replies need, which no call could tell from a service that hangs.
   */
  async echo(): Promise<void> {
    await this.#open(ECHO_TIMEOUT_MS)
    const channel = this.#channel?.current
    if (channel === undefined) throw notSent('Not connected to the broker')
    const id = randomUUID()
    const { user } = this.#options
    const properties = { type: wire.REPLY_OK, correlationId: id, userId: user, mandatory: true }
    channel.publish(this.#replies, this.#replyKey, wire.encode({}), properties)
    await this.#await(id, { service: user, pending: 0 }, ECHO_TIMEOUT_MS)
  }

  /** Opens the channel again, with a new reply queue; calls that wait end with `CONNECTION_LOST`. */
  reopen(): void {
    this.#channel?.reopen()
  }

  /** Resolves when the channel is there, or when waiting for it is over: then the call finds it missing. */
  async #open(timeoutMs: number): Promise<void> {
    if (!this.#link.connected) throw notSent('Not connected to the broker')
    this.#opening ??= this.#link.channel(
      'rpc-client',
      (channel) => this.#setUp(channel),
      () => this.#lost(),
    )
    const opening = this.#opening
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs)
    })
    await Promise.race([opening.ready, late]).catch(() => {})
    clearTimeout(timer)
    this.#channel = opening
  }

  #sendOn(channel: Channel, target: Target, request: Request): Promise<Buffer> {
    const { timeoutMs, signal } = request
    if (!(timeoutMs > 0) || signal?.aborted) return Promise.reject(new AppError('TIMEOUT'))
    if (target.pending >= PENDING_LIMIT) return Promise.reject(new AppError('QUEUE_FULL', { retryAfterMs: 1000 }))
    // Not to be guessed by a service that answers in another's place.
    const id = randomUUID()
    const { name, body, requestId, headers } = request
    const wholeMs = Math.ceil(timeoutMs)
    try {
      channel.publish(target.exchange, this.#replyKey, body, {
        type: name,
        correlationId: id,
        messageId: requestId,
        userId: this.#options.user,
        expiration: wholeMs,
        mandatory: true,
        headers,
      })
    } catch (error) {
      // The channel is on its way down.
      return Promise.reject(new AppError('NOT_SENT', { cause: error, retryAfterMs: 1000 }))
    }
    const answer = this.#await(id, target, wholeMs)
    if (signal === undefined) return answer
    const giveUp = () => this.#fail(id, 'TIMEOUT', 'The caller stopped waiting')
    signal.addEventListener('abort', giveUp, { once: true })
    return answer.finally(() => signal.removeEventListener('abort', giveUp))
  }

  #await(id: string, target: Pending['target'], timeoutMs: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#fail(id, 'TIMEOUT'), timeoutMs)
      target.pending++
      this.#pending.set(id, { target, resolve, reject, timer })
    })
  }

  /** Ends the wait for an answer; undefined when it has ended before. */
  #take(id: string): Pending | undefined {
    const pending = this.#pending.get(id)
    if (pending === undefined) return undefined
    this.#pending.delete(id)
    clearTimeout(pending.timer)
    pending.target.pending--
    return pending
  }

  #fail(id: string, code: ErrorCode, detail?: string): void {
    const options = code === 'NO_RESPONDER' || code === 'QUEUE_FULL' ? { retryAfterMs: 1000 } : {}
    this.#take(id)?.reject(new AppError(code, detail === undefined ? options : { ...options, detail }))
  }

  async #setUp(channel: Channel): Promise<void> {
    const { user } = this.#options
    for (const name of [this.#replies, RETURNED.name]) await channel.checkExchange(name)
    const { queue } = await channel.assertQueue('', { exclusive: true, durable: false, autoDelete: true })
    const key = replyKey(user, queue)
    await channel.bindQueue(queue, this.#replies, key)
    await channel.bindQueue(queue, RETURNED.name, key)
    channel.on('return', (message: Message) => this.#fail(message.properties.correlationId, 'NO_RESPONDER'))
    await channel.consume(queue, (message) => message && this.#receive(message), {
      noAck: true,
      exclusive: true,
    })
    this.#replyKey = key
  }

  #receive(message: ConsumeMessage): void {
    const { exchange } = message.fields
    const { correlationId, userId, headers } = message.properties
    if (exchange === RETURNED.name && userId === this.#options.user) {
      // Our own request, dead-lettered by the service's queue: full, or its time was over.
      this.#fail(correlationId, headers?.[wire.DEATH_HEADER] === 'maxlen' ? 'QUEUE_FULL' : 'TIMEOUT')
    } else if (exchange === this.#replies) this.#settle(message)
    else this.#refuse(message)
  }

  #settle(message: ConsumeMessage): void {
    const { correlationId, userId, type } = message.properties
    const sender = this.#pending.get(correlationId)?.target.service
    if (sender === undefined) {
      this.#options.metrics()?.lateReplies.inc()
      return
    }
    const isReply = type === wire.REPLY_OK || type === wire.REPLY_ERROR
    if (userId !== sender || !isReply) {
      this.#refuse(message)
      return
    }
    const pending = this.#take(correlationId)
    if (type === wire.REPLY_OK) pending?.resolve(message.content)
    else pending?.reject(wire.decodeError(message.content))
  }

  #refuse({ fields: { exchange }, properties: { userId, type } }: ConsumeMessage): void {
    this.#options.logger.error({ exchange, userId, type }, 'a reply that its sender must not give was dropped')
  }

  #lost(): void {
    this.#graceUntil = performance.now() + RECONNECT_GRACE_MS
    for (const id of [...this.#pending.keys()]) this.#fail(id, 'CONNECTION_LOST')
  }
}

function notSent(detail: string): AppError {
  return new AppError('NOT_SENT', { detail, retryAfterMs: 1000 })
}
