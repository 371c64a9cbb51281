import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Channel, type ChannelModel, type ConfirmChannel, connect } from 'amqplib'
import type { Logger } from '../service/telemetry.ts'
import { Backoff, ManagedChannel } from './managed-channel.ts'

/** Seconds. A broker that says nothing for two of them is taken for dead. */
const HEARTBEAT = 10
const HANDSHAKE_MS = 5000
const CLOSE_MS = 1000
/** RabbitMQ's answers that no later try will change: 403 bad credentials, 530 no such vhost or no right to enter it. */
const CONFIGURATION_ERROR = /\b(403|530)\b|ACCESS.REFUSED|NOT.ALLOWED|Expected amqps?:/

export interface LinkOptions {
  url: string
  /** Shown in RabbitMQ's list of connections. */
  name: string
  logger: Logger
  signal?: AbortSignal
  onReconnect?: () => void
}

/**
 * One connection that comes back for ever, with the channels that were asked of it. amqplib's own recovery brings back
 * neither channels nor consumers, so each channel here carries the function that sets it up again.
 */
export class Link {
  readonly #options: LinkOptions
  readonly #channels = new Set<{
    readonly current: Channel | undefined
    attach(model: ChannelModel): void
    close(): Promise<void>
  }>()
  #model: ChannelModel | undefined
  #closed = false
  #blocked = false

  private constructor(options: LinkOptions) {
    this.#options = options
  }

  /**
   * Resolves when connected for the first time, however long the broker takes to appear. Rejects only when trying again
   * is pointless (credentials, vhost, address) or `signal` aborts.
   */
  static async open(options: LinkOptions): Promise<Link> {
    const link = new Link(options)
    const backoff = new Backoff()
    for (;;) {
      options.signal?.throwIfAborted()
      try {
        link.#adopt(await link.#connect())
        return link
      } catch (error) {
        if (CONFIGURATION_ERROR.test(String(error))) {
          throw new Error('RabbitMQ refuses this user, password or virtual host', { cause: error })
        }
        const delayMs = backoff.next()
        options.logger.warn(
          { connection: options.name, error: String(error), delayMs },
          'RabbitMQ cannot be reached yet',
        )
        await sleep(delayMs, undefined, { signal: options.signal })
      }
    }
  }

  get connected(): boolean {
    return this.#model !== undefined
  }

  /** Connected, and every channel that was asked of it is open and set up. */
  get ready(): boolean {
    return this.connected && [...this.#channels].every((channel) => channel.current !== undefined)
  }

  get blocked(): boolean {
    return this.#blocked
  }

  /** A channel that is opened now and again after every loss; `setUp` declares and consumes on it. */
  channel(name: string, setUp: (channel: Channel) => Promise<void>, onLost?: () => void): ManagedChannel<Channel> {
    return this.#manage(new ManagedChannel(name, this.#options.logger, (model) => model.createChannel(), setUp, onLost))
  }

  confirmChannel(
    name: string,
    setUp: (channel: ConfirmChannel) => Promise<void>,
    onLost?: () => void,
  ): ManagedChannel<ConfirmChannel> {
    return this.#manage(
      new ManagedChannel(name, this.#options.logger, (model) => model.createConfirmChannel(), setUp, onLost),
    )
  }

  #manage<C extends Channel>(channel: ManagedChannel<C>): ManagedChannel<C> {
    this.#channels.add(channel)
    channel.onClosed(() => this.#channels.delete(channel))
    if (this.#model) channel.attach(this.#model)
    return channel
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#channels].map((channel) => channel.close()))
    const model = this.#model
    if (!model) return
    // A broker that does not answer must not keep us from ending.
    const closed = model.close().catch(() => {})
    await Promise.race([closed, sleep(CLOSE_MS, undefined, { ref: false })])
    socketOf(model).destroy()
  }

  async #connect(): Promise<ChannelModel> {
    const url = new URL(this.#options.url)
    if (!url.searchParams.has('heartbeat')) url.searchParams.set('heartbeat', String(HEARTBEAT))
    return connect(url.href, {
      noDelay: true,
      keepAlive: true,
      timeout: HANDSHAKE_MS,
      clientProperties: { connection_name: this.#options.name },
    })
  }

  #adopt(model: ChannelModel): void {
    this.#model = model
    coalesceWrites(socketOf(model))
    // Without a listener an 'error' would end the process; 'close' follows it and does the work.
    model.on('error', (error) => this.#options.logger.warn({ error: String(error) }, 'RabbitMQ connection failed'))
    model.on('blocked', () => this.#setBlocked(true))
    model.on('unblocked', () => this.#setBlocked(false))
    model.on('close', () => this.#lose(model))
    for (const channel of this.#channels) channel.attach(model)
  }

  #setBlocked(blocked: boolean): void {
    this.#blocked = blocked
    this.#options.logger.warn({ connection: this.#options.name, blocked }, 'RabbitMQ changed its resource alarm')
  }

  #lose(model: ChannelModel): void {
    this.#model = undefined
    this.#blocked = false
    socketOf(model).destroy()
    if (!this.#closed) void this.#reconnect()
  }

  async #reconnect(): Promise<void> {
    const { logger, name, onReconnect } = this.#options
    const backoff = new Backoff()
    for (;;) {
      await sleep(backoff.next())
      if (this.#closed) return
      try {
        const model = await this.#connect()
        if (this.#closed) return void model.close().catch(() => {})
        onReconnect?.()
        logger.info({ connection: name }, 'RabbitMQ connection is back')
        return this.#adopt(model)
      } catch (error) {
        logger.warn({ connection: name, error: String(error) }, 'RabbitMQ still cannot be reached')
      }
    }
  }
}

/** amqplib keeps its socket to itself; corking and destroying need it. */
function socketOf(model: ChannelModel): Socket {
  return (model.connection as unknown as { stream: Socket }).stream
}

/**
 * Makes everything that is written within one turn of the event loop leave in one system call. amqplib writes frame by
 * frame; at 64 calls at a time this alone is worth a third of the throughput.
 */
function coalesceWrites(socket: Socket): void {
  const write = socket.write.bind(socket)
  let corked = false
  const uncork = () => {
    corked = false
    socket.uncork()
  }
  socket.write = ((...args: Parameters<typeof write>) => {
    if (!corked) {
      corked = true
      socket.cork()
      process.nextTick(uncork)
    }
    return write(...args)
  }) as typeof socket.write
}
