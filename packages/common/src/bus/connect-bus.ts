import type { Contract, EventEnvelope, EventType, Handlers, Input, Method, Output } from '../contract.ts'
import type { TaskMessage } from '../contracts/work.ts'
import type {
  Bus,
  BusOptions,
  BusStatus,
  CallOptions,
  ConsumeTasksOptions,
  ParkedMessage,
  PublishOptions,
  ServeOptions,
  SubscribeOptions,
  TaskConsumer,
  TaskQueue,
} from './bus.ts'
import { type BusMetrics, createBusMetrics } from './bus-metrics.ts'
import { Link } from './link.ts'
import { createListener } from './listener.ts'
import { Publisher } from './publisher.ts'
import type { QueueConsumer } from './queue-consumer.ts'
import { Reachability } from './reachability.ts'
import { RpcClient } from './rpc-client.ts'
import { RpcServer } from './rpc-server.ts'
import { createSubscriber } from './subscriber.ts'
import { createTaskConsumer } from './task-consumer.ts'

const DEFAULT_BREAKER = { failures: 5, resetMs: 60_000 }
const DEFAULT_DRAIN_MS = 10_000

/**
 * Connects to RabbitMQ. Resolves when connected for the first time: a service may start before its broker, and waits.
 * From then on every loss heals by itself. Rejects only on what waiting would not change: credentials, virtual host,
 * a malformed address, or rights that are missing on the broker; and when `options.signal` aborts.
 */
export async function connectBus(options: BusOptions): Promise<Bus> {
  const { url, service, logger, signal } = options
  const open = (role: string) =>
    Link.open({
      url,
      name: `${service} ${role}`,
      logger,
      ...(signal && { signal }),
      onReconnect: () => bus.reconnected(),
    })
  // An alarm of the broker stops connections that publish; acknowledgements must still get through.
  const sending = await open('sending')
  const receiving = await open('receiving').catch(async (error: unknown) => {
    await sending.close()
    throw error
  })
  const bus = new RabbitBus(options, sending, receiving)
  try {
    await bus.ready()
  } catch (error) {
    await bus.drain()
    throw error
  }
  return bus
}

class RabbitBus implements Bus {
  readonly #options: BusOptions
  readonly #user: string
  readonly #sending: Link
  readonly #receiving: Link
  readonly #metrics: BusMetrics | undefined
  readonly #client: RpcClient
  readonly #publisher: Publisher
  readonly #servers: RpcServer[] = []
  readonly #consumers: QueueConsumer[] = []
  readonly #reachability: Reachability
  #drained: Promise<void> | undefined

  constructor(options: BusOptions, sending: Link, receiving: Link) {
    this.#options = options
    this.#sending = sending
    this.#receiving = receiving
    this.#user = decodeURIComponent(new URL(options.url).username) || 'guest'
    const metrics = () => this.#metrics
    this.#client = new RpcClient(sending, {
      user: this.#user,
      logger: options.logger,
      breaker: options.breaker ?? DEFAULT_BREAKER,
      metrics,
    })
    this.#publisher = new Publisher(sending, this.#user, metrics)
    this.#reachability = new Reachability(sending, this.#client, options.logger)
    const numbers = () => ({ ...this.status(), pending: this.#client.pending })
    this.#metrics = options.metrics && createBusMetrics(options.metrics, numbers)
  }

  async ready(): Promise<void> {
    await this.#publisher.ready
  }

  reconnected(): void {
    this.#metrics?.reconnects.inc()
  }

  async call<M extends Method>(method: M, input: Input<M>, call: CallOptions): Promise<Output<M>> {
    const output = await this.#client.call(method, input, call)
    return JSON.parse(output.toString()) as Output<M>
  }

  callForJson<M extends Method>(method: M, input: Input<M>, call: CallOptions): Promise<Buffer> {
    return this.#client.call(method, input, call)
  }

  async serve<C extends Contract>(contract: C, handlers: Handlers<C>, options: ServeOptions = {}): Promise<void> {
    const server = new RpcServer(this.#sending, contract, handlers, {
      ...options,
      user: this.#user,
      logger: this.#options.logger,
      metrics: () => this.#metrics,
    })
    this.#servers.push(server)
    await server.ready
    this.#reachability.addServer(server)
  }

  publish(envelope: EventEnvelope, options: PublishOptions = {}): Promise<void> {
    return this.#publisher.publishEvent(envelope, options)
  }

  redrive(message: Pick<ParkedMessage, 'group' | 'id' | 'type' | 'body'>): Promise<void> {
    return this.#publisher.redrive(message)
  }

  sendTask(queue: TaskQueue, message: TaskMessage, priority?: number): Promise<void> {
    return this.#publisher.sendTask(queue, message, priority)
  }

  async subscribe(options: SubscribeOptions): Promise<void> {
    const { logger } = this.#options
    const deps = {
      link: this.#receiving,
      publisher: this.#publisher,
      user: this.#user,
      logger,
      metrics: () => this.#metrics,
    }
    const subscriber = createSubscriber(deps, options)
    this.#consumers.push(subscriber)
    await subscriber.ready
  }

  async listen(events: EventType[], handle: (envelope: EventEnvelope) => void, onGap: () => void): Promise<void> {
    await createListener(this.#receiving, this.#options.logger, events, handle, onGap).ready
  }

  async consumeTasks(queue: TaskQueue, options: ConsumeTasksOptions): Promise<TaskConsumer> {
    const consumer = createTaskConsumer(this.#receiving, this.#publisher, this.#options.logger, queue, options)
    this.#consumers.push(consumer)
    await consumer.ready
    return { stop: () => consumer.stop() }
  }

  status(): BusStatus {
    return {
      connected: this.#sending.ready && this.#receiving.ready,
      reachable: this.#reachability.reachable,
      blocked: this.#sending.blocked,
      breakers: this.#client.breakers,
    }
  }

  drain(): Promise<void> {
    this.#drained ??= this.#drain()
    return this.#drained
  }

  async #drain(): Promise<void> {
    this.#reachability.stop()
    const untilMs = performance.now() + (this.#options.drainMs ?? DEFAULT_DRAIN_MS)
    await Promise.all([
      ...this.#servers.map((server) => server.drain(untilMs)),
      ...this.#consumers.map((consumer) => consumer.stop(untilMs)),
    ])
    // What was in flight may have called and published until now.
    await this.#client.drain(untilMs)
    await Promise.all([this.#sending.close(), this.#receiving.close()])
  }
}
