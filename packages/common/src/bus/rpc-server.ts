import type { Channel, ConsumeMessage } from 'amqplib'
import {
  type Actor,
  assertInTime,
  type Call,
  type Contract,
  type Handlers,
  type Method,
  type ServiceName,
} from '../contract.ts'
import { AppError, type ErrorCode, toAppError } from '../errors.ts'
import type { Logger } from '../service/telemetry.ts'
import type { ServeOptions } from './bus.ts'
import type { BusMetrics } from './bus-metrics.ts'
import { EventLoopStallDetector } from './event-loop-stall.ts'
import type { Link } from './link.ts'
import type { ManagedChannel } from './managed-channel.ts'
import { InFlight } from './queue-consumer.ts'
import { callersOf } from './rights.ts'
import * as wire from './rpc-wire.ts'
import { declareRequestQueue, RETURNED, replyExchange, requestExchange } from './topology.ts'
import { tracedReceive } from './tracing.ts'

const DEFAULT_PREFETCH = 128
const CONSUMER_TAG = 'requests'
/** It verifies their tokens. */
const SPEAKS_FOR_USERS: ServiceName = 'gateway'

type AnyHandler = (input: unknown, call: Call) => Promise<unknown>

export interface RpcServerOptions extends ServeOptions {
  /** The broker user that this process logs in as. */
  user: string
  logger: Logger
  metrics: () => BusMetrics | undefined
}

/** Answers the requests of one contract. Always an answer and an acknowledgement in one turn, never a requeue. */
export class RpcServer {
  readonly #service: string
  readonly #methods: Map<string, { method: Method; handler: AnyHandler }>
  readonly #options: RpcServerOptions
  readonly #callers: readonly string[]
  readonly #channel: ManagedChannel<Channel>
  readonly #inFlight = new InFlight()
  readonly #stalls = new EventLoopStallDetector()

  constructor(link: Link, contract: Contract, handlers: Handlers<Contract>, options: RpcServerOptions) {
    const [first] = Object.values(contract)
    if (!first) throw new Error('A contract without methods cannot be served')
    this.#service = first.service
    this.#options = options
    this.#callers = callersOf(this.#service)
    this.#methods = new Map(
      Object.entries(contract).map(([name, method]) => [name, { method, handler: handlers[name] as AnyHandler }]),
    )
    this.#channel = link.channel(`rpc-server ${this.#service}`, (channel) => this.#setUp(channel))
  }

  get ready(): Promise<void> {
    return this.#channel.ready
  }

  get service(): string {
    return this.#service
  }

  /** Declares its queue again, on a new channel; what is worked on is delivered again. */
  reopen(): void {
    this.#channel.reopen()
  }

  /** Takes no more requests; resolves when all are answered or the time is over. */
  async drain(untilMs: number): Promise<void> {
    await this.#channel.current?.cancel(CONSUMER_TAG).catch(() => {})
    await this.#inFlight.settled(untilMs)
    await this.#channel.close()
    this.#stalls.close()
  }

  async #setUp(channel: Channel): Promise<void> {
    for (const { name } of [requestExchange(this.#service), RETURNED, ...this.#callers.map(replyExchange)]) {
      await channel.checkExchange(name)
    }
    const queue = await declareRequestQueue(channel, this.#service)
    await channel.prefetch(this.#options.prefetch ?? DEFAULT_PREFETCH)
    const receive = (message: ConsumeMessage | null) =>
      message && void this.#inFlight.run(() => this.#receive(channel, message))
    await channel.consume(queue, receive, { consumerTag: CONSUMER_TAG })
  }

  async #receive(channel: Channel, message: ConsumeMessage): Promise<void> {
    const startedAt = performance.now()
    const name: string = message.properties.type ?? ''
    const caller = this.#callerOf(message)
    if (caller === undefined) return void channel.ack(message)
    if (this.#marksRedelivery(channel, message)) return
    let outcome: ErrorCode | 'OK' = 'OK'
    let body: Buffer
    try {
      body = name === wire.PING ? wire.encode({}) : wire.encode(await this.#answer(name, message, caller, startedAt))
    } catch (thrown) {
      const error = this.#toAnswer(name, message, toAppError(thrown))
      outcome = error.code
      body = wire.encodeError(error)
    }
    const type = outcome === 'OK' ? wire.REPLY_OK : wire.REPLY_ERROR
    try {
      channel.publish(replyExchange(caller).name, message.fields.routingKey, body, {
        type,
        correlationId: message.properties.correlationId,
        userId: this.#options.user,
      })
      channel.ack(message)
    } catch {
      // The channel is gone and the caller knows it; the broker will deliver the request again.
    }
    if (name !== wire.PING)
      this.#options.metrics()?.serverSeconds.record(`${this.#service}.${name}`, outcome, startedAt)
  }

  /**
   * The broker user that sent a request, undefined for a message that is no request to us. A reply goes to that user's own
   * exchange, under a key that begins with its name.
   */
  #callerOf(message: ConsumeMessage): string | undefined {
    const { fields, properties } = message
    const { userId, headers } = properties
    const sender = userId === this.#options.user ? (headers?.[wire.REDELIVERED_FROM_HEADER] ?? userId) : userId
    const expected = this.#callers.includes(sender) && fields.routingKey.startsWith(`${sender}.`)
    if (expected && fields.exchange === requestExchange(this.#service).name) return sender
    this.#options.logger.error({ userId, type: properties.type, exchange: fields.exchange }, 'not a request: dropped')
    return undefined
  }

  async #answer(name: string, message: ConsumeMessage, caller: string, startedAt: number): Promise<unknown> {
    const entry = this.#methods.get(name)
    if (!entry) throw new AppError('NO_RESPONDER', { cause: new Error(`${this.#service} has no method ${name}`) })
    const { method, handler } = entry
    if (!method.callers.some((name) => name === caller)) throw new AppError('FORBIDDEN')
    refuseRepeated(method, message)
    const body = wire.decodeRequest(message.content)
    const call = this.#callOf(message, caller, body, startedAt - this.#stalls.waitedMs())
    assertInTime(call)
    const input = parseInput(method, body.input)
    const headers = message.properties.headers ?? {}
    const output = await tracedReceive('server', `${this.#service}.${name}`, headers, () => handler(input, call))
    // Strips what the contract does not name: a column too many never leaves the service.
    return method.output.parse(output)
  }

  #callOf(message: ConsumeMessage, caller: string, { actor, client }: wire.RequestBody, sentAt: number): Call {
    const { messageId, expiration } = message.properties
    // Only the gateway speaks for users, and nobody for another service: every other claim is that of the caller itself.
    const believed = caller === SPEAKS_FOR_USERS && actor.kind !== 'service'
    const asked: Actor = believed ? actor : { kind: 'service', name: caller }
    return new ServedCall(asked, messageId ?? '', client, sentAt + Number(expiration ?? 0))
  }

  /**
   * A classic queue says that a message was delivered before, not how often. So a request that comes back for the first
   * time is sent round once more with a mark; if the marked one comes back too, it is taken for poison.
   */
  #marksRedelivery(channel: Channel, message: ConsumeMessage): boolean {
    const { fields, properties } = message
    if (!fields.redelivered || properties.headers?.[wire.REDELIVERED_FROM_HEADER] !== undefined) return false
    const { type, correlationId, messageId, userId, headers, expiration } = properties
    const marked = { ...headers, [wire.REDELIVERED_FROM_HEADER]: userId }
    channel.publish(requestExchange(this.#service).name, fields.routingKey, message.content, {
      type,
      correlationId,
      messageId,
      userId: this.#options.user,
      expiration,
      headers: marked,
    })
    channel.ack(message)
    return true
  }

  #toAnswer(name: string, message: ConsumeMessage, error: AppError): AppError {
    const answer = wire.publicError(error, this.#methods.get(name)?.method.errors ?? [])
    const context = { err: error, method: `${this.#service}.${name}`, requestId: message.properties.messageId }
    if (answer.code === 'INTERNAL') this.#options.logger.error(context, 'a request failed')
    else if (answer.code === 'DEPENDENCY_UNAVAILABLE') this.#options.logger.warn(context, 'a dependency is not there')
    return answer
  }
}

/** A request that was delivered before may have run: what is not idempotent does not run twice. */
function refuseRepeated(method: Method, { fields, properties }: ConsumeMessage): void {
  if (properties.headers?.[wire.REDELIVERED_FROM_HEADER] === undefined) return
  if (fields.redelivered) throw new AppError('POISON')
  if (!method.idempotent)
    throw new AppError('TIMEOUT', { detail: 'The service went away; it may or may not have done this' })
}

function parseInput(method: Method, input: unknown): unknown {
  const parsed = method.input.safeParse(input)
  if (parsed.success) return parsed.data
  const fields = parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }))
  throw new AppError('VALIDATION_FAILED', { fields })
}

/** What a handler is told beside its input. A class, because getters made anew for each request are slow. */
class ServedCall implements Call {
  readonly actor: Actor
  readonly requestId: string
  readonly client: Call['client']
  readonly #deadline: number
  #signal: AbortSignal | undefined

  /** `deadline` as `performance.now()` counts. */
  constructor(actor: Actor, requestId: string, client: Call['client'], deadline: number) {
    this.actor = actor
    this.requestId = requestId
    this.client = client
    this.#deadline = deadline
  }

  get timeoutMs(): number {
    return Math.max(0, this.#deadline - performance.now())
  }

  /** Made when it is asked for: few handlers need it, and a signal with its timer costs more than the rest of a call. */
  get signal(): AbortSignal {
    this.#signal ??= AbortSignal.timeout(Math.ceil(this.timeoutMs))
    return this.#signal
  }
}
