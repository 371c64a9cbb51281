import type {
  Call,
  Contract,
  EventEnvelope,
  EventType,
  Handlers,
  Input,
  Method,
  Output,
  ServiceName,
} from '../contract.ts'
import type { TaskMessage } from '../contracts/work.ts'
import type { Logger, Metrics } from '../service/telemetry.ts'

export interface BusOptions {
  /** `amqp://user:password@host:port/vhost`; its user is who the receivers see. */
  url: string
  service: ServiceName
  logger: Logger
  metrics?: Metrics
  /** Failures in a row that open the breaker of a target, and how long it then stays open. Default 5 and 60,000. */
  breaker?: { failures: number; resetMs: number }
  /** How long `drain` waits for what is in flight. Default 10,000. */
  drainMs?: number
  /** Gives up waiting for a broker that is not there yet. */
  signal?: AbortSignal
}

export type CallOptions = Omit<Call, 'signal' | 'timeoutMs'> & {
  /** Default 5,000; handlers pass on what is left of their own. */
  timeoutMs?: number
  signal?: AbortSignal
}

export interface ServeOptions {
  /** Requests that are worked on at the same time; the bulkhead. Default 128. */
  prefetch?: number
}

export interface SubscribeOptions {
  /** The service itself: the queue is `events.<group>`, and all its processes share the messages. */
  group: string
  events: EventType[]
  /**
   * Must be idempotent. A thrown error is retried after each delay in turn; a `VALIDATION_FAILED` goes to the parking
   * lot at once. `attempt` counts from 1.
   */
  handle: (envelope: EventEnvelope, context: { signal: AbortSignal; attempt: number }) => Promise<void>
  /** Default 16. */
  prefetch?: number
  /** Milliseconds before each retry. Default 5 s, 60 s, 10 min. All processes of a group must agree. */
  retryDelaysMs?: number[]
  /**
   * Keeps messages that failed for good; may be called twice, so it must be idempotent by `id`. Without it they go to the
   * queue `parked.<group>`.
   */
  park?: (parked: ParkedMessage) => Promise<void>
}

/** A dead letter: it is tried again only if an operator redrives it. */
export interface ParkedMessage {
  group: string
  /** The envelope's id; for what cannot be decoded a hash of the body. */
  id: string
  type: string | null
  /** The message as it came. */
  body: string
  attempts: number
  error: { code: string; message: string }
}

export type TaskQueue = 'short' | 'long' | 'transcribe'
/** `done`: acknowledged. `requeue`: given back for another worker now. `later`: comes back after five seconds. */
export type TaskOutcome = 'done' | 'requeue' | 'later'

export interface ConsumeTasksOptions {
  /** Tasks that are worked on at the same time. */
  slots: number
  /**
   * `redelivered`: it was handed out before and not acknowledged, so its holder or the broker went away. `signal` aborts
   * when this message is no longer ours (its channel was lost: the broker hands it to somebody else) or draining took
   * too long. A thrown error counts as `later`.
   */
  handle: (message: TaskMessage, context: { redelivered: boolean; signal: AbortSignal }) => Promise<TaskOutcome>
}

export interface TaskConsumer {
  /** Takes no more tasks; resolves when those in flight have ended. */
  stop(): Promise<void>
}

export type BreakerState = 'closed' | 'open' | 'halfOpen'

export interface BusStatus {
  /** Both connections are open, and all channels with what they need of the broker. */
  connected: boolean
  /** The last message to ourselves came back; it is sent every five seconds, the way requests and replies take. */
  reachable: boolean
  /** The broker has no memory or disk left and takes no messages from us. */
  blocked: boolean
  /** By target service. */
  breakers: Record<string, BreakerState>
}

export interface PublishOptions {
  /**
   * Resolves also when no queue wants the event. For what may be lost then: a gateway that starts later asks for the state
   * it needs, and what must arrive is published again until it is answered.
   */
  ifHeard?: boolean
}

export interface Bus {
  /**
   * Calls a method of another service. Rejects with an `AppError`:
   * - it never ran: `NOT_SENT`, `NO_RESPONDER`, `QUEUE_FULL`, `CIRCUIT_OPEN` (with `retryAfterMs`);
   * - nobody knows: `TIMEOUT`, `CONNECTION_LOST` (send again only what is idempotent);
   * - whatever the service answered: a code of the method's list, `VALIDATION_FAILED`, `DEPENDENCY_UNAVAILABLE`,
   *   `POISON`, `INTERNAL` …
   */
  call<M extends Method>(method: M, input: Input<M>, call: CallOptions): Promise<Output<M>>
  /** Like `call`, with the output as the JSON that came, to be passed on unread. */
  callForJson<M extends Method>(method: M, input: Input<M>, call: CallOptions): Promise<Buffer>
  /** Answers all methods of a contract; resolves once requests can arrive. */
  serve<C extends Contract>(contract: C, handlers: Handlers<C>, options?: ServeOptions): Promise<void>
  /**
   * Resolves once the broker has the event on disk in every queue that wants it. Rejects `NOT_SENT`, `NO_RESPONDER` (no
   * queue wants this type), `QUEUE_FULL`, or, when it may have been taken, `CONNECTION_LOST` and `TIMEOUT`.
   */
  publish(envelope: EventEnvelope, options?: PublishOptions): Promise<void>
  /** Like `publish`, for a parked message: it goes back to its group alone and is tried as often as a new one. */
  redrive(message: Pick<ParkedMessage, 'group' | 'id' | 'type' | 'body'>): Promise<void>
  /** Like `publish`, to the workers' queue; of what waits there the highest priority, 0 to 9, is taken first. */
  sendTask(queue: TaskQueue, message: TaskMessage, priority?: number): Promise<void>
  /** Consumes events with a durable queue shared by all processes of a group. */
  subscribe(options: SubscribeOptions): Promise<void>
  /**
   * Every process gets every event from now on, at most once. `onGap` is called after each reconnect, because events
   * may have been missed.
   */
  listen(events: EventType[], handle: (envelope: EventEnvelope) => void, onGap: () => void): Promise<void>
  consumeTasks(queue: TaskQueue, options: ConsumeTasksOptions): Promise<TaskConsumer>
  status(): BusStatus
  /** Takes nothing new, finishes what is in flight (bounded), then closes. */
  drain(): Promise<void>
}
