import { AppError } from '@kinora/common/errors'

interface Waiter {
  admit(): void
}

export interface HashGateOptions {
  concurrency: number
  /** A computation that would wait longer is refused, because its caller would have timed out. */
  waitMs: number
}

/**
 * Limits how many computations run and wait. bcrypt occupies a core for a quarter of a second: without a limit a burst of
 * sign-ins would slow down everything else, and each would answer after its caller has timed out.
 */
export class HashGate {
  readonly #options: HashGateOptions
  readonly #waiting = new Set<Waiter>()
  #running = 0
  /** Smoothed duration of one computation. */
  #averageMs = 250

  constructor(options: HashGateOptions) {
    this.#options = options
  }

  /** Throws `TOO_BUSY` at once when the queue is too long, and `TIMEOUT` when `signal` aborts while waiting. */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#enter(signal)
    const startedAt = performance.now()
    try {
      return await work()
    } finally {
      this.#averageMs += (performance.now() - startedAt - this.#averageMs) / 2
      this.#leave()
    }
  }

  #enter(signal: AbortSignal | undefined): Promise<void> | void {
    if (signal?.aborted) throw new AppError('TIMEOUT')
    if (this.#running < this.#options.concurrency) {
      this.#running += 1
      return
    }
    const waitMs = ((this.#waiting.size + this.#running) * this.#averageMs) / this.#options.concurrency
    if (waitMs > this.#options.waitMs)
      throw new AppError('TOO_BUSY', { retryAfterMs: Math.max(1000, Math.ceil(waitMs)) })
    return this.#wait(signal)
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const abandon = () => {
        this.#waiting.delete(waiter)
        reject(new AppError('TIMEOUT'))
      }
      const waiter: Waiter = {
        admit: () => {
          signal?.removeEventListener('abort', abandon)
          resolve()
        },
      }
      this.#waiting.add(waiter)
      signal?.addEventListener('abort', abandon, { once: true })
    })
  }

  /** Gives the slot to the computation that has waited longest; a set keeps insertion order. */
  #leave(): void {
    const [next] = this.#waiting
    if (!next) {
      this.#running -= 1
      return
    }
    this.#waiting.delete(next)
    next.admit()
  }
}
