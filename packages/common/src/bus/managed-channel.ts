import type { Channel, ChannelModel } from 'amqplib'
import type { Logger } from '../service/telemetry.ts'

/** A channel that was set up and stood this long starts its waiting times from the beginning when it is lost. */
const STABLE_MS = 10_000
/** 403 no right to it, 404 not there and not ours to make, 406 declared with other arguments. */
const CONFIGURATION_CODES = new Set([403, 404, 406])

/**
 * A channel that is opened and set up again whenever it is lost: with its connection, or alone when the broker closes it
 * (a failed declaration, a consumer that took too long) or deletes the queue under its consumer.
 */
export class ManagedChannel<C extends Channel> {
  readonly name: string
  readonly #logger: Logger
  readonly #open: (model: ChannelModel) => Promise<C>
  readonly #setUp: (channel: C) => Promise<void>
  readonly #onLost: (() => void) | undefined
  readonly #backoff = new Backoff()
  readonly #ready = deferred()
  #onClosed: (() => void) | undefined
  #model: ChannelModel | undefined
  #current: C | undefined
  #setUpAt = 0
  #closed = false

  constructor(
    name: string,
    logger: Logger,
    open: (model: ChannelModel) => Promise<C>,
    setUp: (channel: C) => Promise<void>,
    onLost?: () => void,
  ) {
    this.name = name
    this.#logger = logger
    this.#open = open
    this.#setUp = setUp
    this.#onLost = onLost
    this.#ready.promise.catch(() => {})
  }

  /** The channel, when it is open and set up. */
  get current(): C | undefined {
    return this.#current
  }

  /** Settles with the first set-up; rejects when the broker refuses what it asks for, which no later try would change. */
  get ready(): Promise<void> {
    return this.#ready.promise
  }

  onClosed(listener: () => void): void {
    this.#onClosed = listener
  }

  attach(model: ChannelModel): void {
    this.#model = model
    this.#backoff.reset()
    model.once('close', () => {
      if (this.#model === model) this.#model = undefined
    })
    void this.#establish(model)
  }

  /** Gives up the channel as it is; it is opened and set up again at once. */
  reopen(): void {
    void this.#current?.close().catch(() => {})
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#ready.reject(new Error(`channel ${this.name} was closed`))
    this.#onClosed?.()
    await this.#current?.close().catch(() => {})
  }

  async #establish(model: ChannelModel): Promise<void> {
    if (this.#closed || this.#model !== model) return
    let channel: C | undefined
    try {
      channel = await this.#open(model)
      this.#watch(channel, model)
      await this.#setUp(channel)
      if (this.#closed) return void channel.close().catch(() => {})
      this.#current = channel
      this.#setUpAt = performance.now()
      this.#ready.resolve()
    } catch (error) {
      this.#logger.warn({ channel: this.name, error: String(error) }, 'RabbitMQ channel could not be set up')
      const refused = CONFIGURATION_CODES.has((error as { code?: number }).code ?? 0)
      if (refused) this.#ready.reject(error)
      // When it was opened, its 'close' tries again.
      if (channel) void channel.close().catch(() => {})
      else this.#tryAgain(model)
    }
  }

  #watch(channel: C, model: ChannelModel): void {
    channel.on('error', (error) => {
      this.#logger.warn({ channel: this.name, error: String(error) }, 'RabbitMQ closed a channel')
    })
    channel.on('cancel', () => void channel.close().catch(() => {}))
    channel.once('close', () => {
      const wasSetUp = this.#current === channel
      if (wasSetUp) this.#current = undefined
      if (wasSetUp && !this.#closed) this.#onLost?.()
      this.#tryAgain(model)
    })
  }

  #tryAgain(model: ChannelModel): void {
    if (this.#closed || this.#model !== model) return
    if (this.#setUpAt > 0 && performance.now() - this.#setUpAt > STABLE_MS) this.#backoff.reset()
    setTimeout(() => void this.#establish(model), this.#backoff.next())
  }
}

function deferred(): { promise: Promise<void>; resolve: () => void; reject: (reason: unknown) => void } {
  let resolve: () => void = () => {}
  let reject: (reason: unknown) => void = () => {}
  const promise = new Promise<void>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

const FIRST_MS = 100
const CAP_MS = 5000

/** Waiting times that double from 100 ms up to 5 s, each with jitter, so that not all processes come back at once. */
export class Backoff {
  #tries = 0

  /** The next waiting time in milliseconds: between half and all of the step. */
  next(): number {
    const step = Math.min(CAP_MS, FIRST_MS * 2 ** this.#tries++)
    return step * (0.5 + Math.random() / 2)
  }

  reset(): void {
    this.#tries = 0
  }
}
