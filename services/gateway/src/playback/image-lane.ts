import { AppError, type ErrorCode } from '@kinora/common/errors'
import sharp from 'sharp'

/** Each image is encoded on one thread, so that images do not slow down the gateway's other work. */
sharp.concurrency(1)

const MAX_JOBS = 500
const RETRY_AFTER_MS = 1000

export interface LaneOptions {
  /** Jobs of one key at the same time, running or waiting, and the code by which one more is refused. */
  perKey: number
  refusal: ErrorCode
}

/**
 * Jobs that run one at a time. The keys that have jobs take turns, so that a key with many of them delays another key by one
 * job.
 */
export class ImageLane {
  readonly #options: LaneOptions
  /** In the order of turns. A key moves to the end with each of its jobs. */
  readonly #waiting = new Map<string, (() => void)[]>()
  readonly #jobs = new Map<string, number>()
  #total = 0
  #running = false

  constructor(options: LaneOptions) {
    this.#options = options
  }

  /**
   * Calls `job` with a function that waits for the turn of `key` and then encodes. What the job does before, such as reading
   * a body, counts for its key and delays nobody. Throws the lane's refusal if the key has too many jobs,
   * `DEPENDENCY_UNAVAILABLE` if all keys together have.
   */
  async hold<T>(key: string, job: (encode: <R>(make: () => Promise<R>) => Promise<R>) => Promise<T>): Promise<T> {
    this.#enter(key)
    try {
      return await job((make) => this.#inTurn(key, make))
    } finally {
      this.#leave(key)
    }
  }

  /** A job that needs nothing before its turn. Throws as `hold` does. */
  async run<T>(key: string, make: () => Promise<T>): Promise<T> {
    return await this.hold(key, (encode) => encode(make))
  }

  #enter(key: string): void {
    const jobs = this.#jobs.get(key) ?? 0
    if (jobs >= this.#options.perKey) throw new AppError(this.#options.refusal, { retryAfterMs: RETRY_AFTER_MS })
    if (this.#total >= MAX_JOBS) {
      throw new AppError('DEPENDENCY_UNAVAILABLE', { detail: 'Too many images are being encoded' })
    }
    this.#jobs.set(key, jobs + 1)
    this.#total += 1
  }

  #leave(key: string): void {
    const jobs = this.#jobs.get(key) ?? 0
    if (jobs > 1) this.#jobs.set(key, jobs - 1)
    else this.#jobs.delete(key)
    this.#total -= 1
  }

  async #inTurn<T>(key: string, make: () => Promise<T>): Promise<T> {
    await this.#turn(key)
    try {
      return await make()
    } finally {
      this.#next()
    }
  }

  async #turn(key: string): Promise<void> {
    if (!this.#running) {
      this.#running = true
      return
    }
    await new Promise<void>((begin) => {
      const queue = this.#waiting.get(key)
      if (queue) queue.push(begin)
      else this.#waiting.set(key, [begin])
    })
  }

  #next(): void {
    const [turn] = this.#waiting
    if (!turn) {
      this.#running = false
      return
    }
    const [key, queue] = turn
    const begin = queue.shift()
    this.#waiting.delete(key)
    if (queue.length > 0) this.#waiting.set(key, queue)
    begin?.()
  }
}
