import { AppError } from '@kinora/common/errors'
import type { Request, Response } from 'express'
import { addressKey, clientAddress } from '../http/client-address.ts'
import type { Rule } from './policies.ts'
import { type RateLimiter, setRateLimitHeaders } from './rate-limiter.ts'

/** What is counted apart: files of players, and whole files. */
export type TrafficKind = 'playback' | 'download'

const BYTES = { playback: 'playback-bytes', download: 'download-bytes' } as const satisfies Record<TrafficKind, Rule>
/** Bytes that an answer takes at once: most segments are smaller, so that one step is all that they need. */
const MAX_STEP = 16 * 1024 ** 2
const MIN_STEP = 64 * 1024
/** Of an allowance, so that a small one is not used up by what is never sent. */
const STEP_SHARE = 100
/** When there may be room again: an answer that is under way lasts for seconds. */
const RETRY_MS = 2000

export interface TrafficOptions {
  limiter: RateLimiter
  /** Answers with bytes that one address may have open at a gateway. */
  open: Record<TrafficKind, number>
  /** Bytes of each allowance. */
  bytes: Record<TrafficKind, number>
}

/** One answer with bytes. */
export interface Transfer {
  /** Bytes that are allowed so far. */
  allowed: number
  /** Allows more; throws `BANDWIDTH_LIMITED`. */
  more(): Promise<void>
  /** Gives back what was not sent. */
  end(): void
}

/**
 * How much is sent to one address: answers at once, counted here, and bytes in a window, counted as requests are (in Redis,
 * taken in batches). Bytes are taken before they are sent, and what a client did not fetch is given back.
 */
export class Traffic {
  readonly #options: TrafficOptions
  readonly #open: Record<TrafficKind, Map<string, number>> = { playback: new Map(), download: new Map() }

  constructor(options: TrafficOptions) {
    this.#options = options
  }

  /** Begins an answer with this many bytes, which must be ended. Throws `CONCURRENCY_LIMITED`, `BANDWIDTH_LIMITED`. */
  async begin(req: Request, res: Response, kind: TrafficKind, bytes: number): Promise<Transfer> {
    const address = addressKey(clientAddress(req))
    this.#enter(res, kind, address)
    const step = Math.min(bytes, this.#stepOf(kind))
    const { socket } = res
    const before = socket?.bytesWritten ?? 0
    let isCut = false
    const transfer: Transfer = {
      allowed: 0,
      more: async () => {
        const amount = Math.min(step, bytes - transfer.allowed)
        await this.#take(res, kind, address, amount).catch((error: unknown) => {
          isCut = true
          throw error
        })
        transfer.allowed += amount
      },
      end: () => {
        this.#leave(kind, address)
        const unsent = transfer.allowed - ((socket?.bytesWritten ?? 0) - before)
        // After a cut the next request is to be refused, not cut off as well.
        if (unsent > 0 && !isCut) this.#options.limiter.giveBack({ rule: BYTES[kind], key: address }, unsent)
      },
    }
    await transfer.more().catch((error: unknown) => {
      this.#leave(kind, address)
      throw error
    })
    return transfer
  }

  /** Counts bytes that somebody else sends for this gateway. Throws `BANDWIDTH_LIMITED`. */
  async charge(req: Request, res: Response, kind: TrafficKind, bytes: number): Promise<void> {
    // A file that is larger than the allowance needs all of it.
    await this.#take(res, kind, addressKey(clientAddress(req)), Math.min(bytes, this.#options.bytes[kind]))
  }

  #enter(res: Response, kind: TrafficKind, address: string): void {
    const open = this.#open[kind]
    const before = open.get(address) ?? 0
    const most = this.#options.open[kind]
    if (before >= most) {
      const policy = `"${kind}-open";q=${most};qu="concurrent-requests"`
      setRateLimitHeaders(res, policy, { rule: `${kind}-open`, remaining: 0, resetMs: RETRY_MS })
      this.#options.limiter.refused(`${kind}-open`)
      throw new AppError('CONCURRENCY_LIMITED', { retryAfterMs: RETRY_MS })
    }
    open.set(address, before + 1)
  }

  #leave(kind: TrafficKind, address: string): void {
    const open = this.#open[kind]
    const left = (open.get(address) ?? 1) - 1
    if (left > 0) open.set(address, left)
    else open.delete(address)
  }

  async #take(res: Response, kind: TrafficKind, address: string, amount: number): Promise<void> {
    const { limiter } = this.#options
    const counter = { rule: BYTES[kind], key: address }
    const usage = await limiter.count(counter, amount)
    if (usage.remaining >= 0) return
    if (!res.headersSent) setRateLimitHeaders(res, limiter.policyOf(counter), usage)
    throw new AppError('BANDWIDTH_LIMITED', { retryAfterMs: usage.resetMs })
  }

  #stepOf(kind: TrafficKind): number {
    return Math.max(MIN_STEP, Math.min(MAX_STEP, Math.floor(this.#options.bytes[kind] / STEP_SHARE)))
  }
}

/** Passes on bytes as far as they are allowed, and waits for more. */
export async function* metered(bytes: AsyncIterable<Buffer>, transfer: Transfer): AsyncIterable<Buffer> {
  let sent = 0
  for await (const chunk of bytes) {
    sent += chunk.length
    while (sent > transfer.allowed) await transfer.more()
    yield chunk
  }
}
