import type { Channel, ConsumeMessage } from 'amqplib'
import type { Link } from './link.ts'
import type { ManagedChannel } from './managed-channel.ts'

const CONSUMER_TAG = 'messages'

export interface Delivery {
  message: ConsumeMessage
  /** Aborts when the channel is lost: then the broker gives the message to somebody else. */
  signal: AbortSignal
  ack(): void
  requeue(): void
}

export interface QueueConsumerOptions {
  name: string
  queue: string
  prefetch: number
  declare: (channel: Channel) => Promise<void>
  /** Must settle the delivery with `ack` or `requeue`, and must not throw. */
  handle: (delivery: Delivery) => Promise<void>
}

/** Consumes a durable queue on a channel of its own, with acknowledgements. */
export class QueueConsumer {
  readonly #options: QueueConsumerOptions
  readonly #channel: ManagedChannel<Channel>
  readonly #inFlight = new InFlight()
  #stopping = false

  constructor(link: Link, options: QueueConsumerOptions) {
    this.#options = options
    this.#channel = link.channel(options.name, (channel) => this.#setUp(channel))
  }

  get ready(): Promise<void> {
    return this.#channel.ready
  }

  /** Takes no more messages; when those in flight are settled or the time is over the channel is closed. */
  async stop(untilMs?: number): Promise<void> {
    this.#stopping = true
    await this.#channel.current?.cancel(CONSUMER_TAG).catch(() => {})
    await this.#inFlight.settled(untilMs)
    await this.#channel.close()
  }

  async #setUp(channel: Channel): Promise<void> {
    const { declare, prefetch, queue } = this.#options
    const lost = new AbortController()
    channel.once('close', () => lost.abort())
    await declare(channel)
    if (this.#stopping) return
    await channel.prefetch(prefetch)
    const receive = (message: ConsumeMessage | null) => message && this.#receive(channel, message, lost.signal)
    await channel.consume(queue, receive, { consumerTag: CONSUMER_TAG })
  }

  #receive(channel: Channel, message: ConsumeMessage, signal: AbortSignal): void {
    const settle = (how: () => void) => () => {
      // On a lost channel there is nothing to settle: the broker has taken the message back.
      if (!signal.aborted) how()
    }
    const ack = settle(() => channel.ack(message))
    const requeue = settle(() => channel.nack(message, false, true))
    void this.#inFlight.run(() => this.#options.handle({ message, signal, ack, requeue }))
  }
}

/** Counts what has begun and not ended, so that draining can wait for it. */
export class InFlight {
  #count = 0
  #waiting: (() => void)[] = []

  async run(work: () => Promise<void>): Promise<void> {
    this.#count++
    try {
      await work()
    } finally {
      if (--this.#count === 0) for (const wake of this.#waiting.splice(0)) wake()
    }
  }

  /** Resolves when nothing runs or `performance.now()` has reached `untilMs`. */
  async settled(untilMs: number = Number.POSITIVE_INFINITY): Promise<void> {
    if (this.#count === 0) return
    await new Promise<void>((resolve) => {
      const left = untilMs - performance.now()
      const timer = Number.isFinite(left) ? setTimeout(resolve, Math.max(0, left)) : undefined
      this.#waiting.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }
}
