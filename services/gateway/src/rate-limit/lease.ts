import { LRUCache } from 'lru-cache'
import type { RateLimitKey } from './policies.ts'

/**
 * The result of one request to Redis: `points` to spend in this process, the points that remain in the window (negative: the
 * request is refused), and the milliseconds until the window ends.
 */
export interface PointBatch {
  points: number
  remaining: number
  resetMs: number
}

interface Lease {
  left: number
  /** Points that remained in Redis when the lease was taken. */
  remaining: number
  /** End of the window, by `performance.now()`. */
  until: number
}

const MAX_LEASES = 10_000

/**
 * Takes points of a large allowance from Redis in small batches and spends them in this process, so that not every request
 * costs a round trip. Redis counts a batch before any of its points is spent: several gateways together may refuse too
 * early, by one batch each at most, but never allow too much.
 */
export class Leases {
  readonly #leases = new LRUCache<string, Lease>({ max: MAX_LEASES })
  readonly #taking = new Map<string, Promise<PointBatch>>()

  /** Spends one point of this key. `take` fetches a batch. `remaining` is negative if the request must be refused. */
  async spend(
    { rule, key }: RateLimitKey,
    take: () => Promise<PointBatch>,
  ): Promise<{ remaining: number; resetMs: number }> {
    const id = `${rule}:${key}`
    for (;;) {
      const spent = this.#spendLeased(id)
      if (spent) return spent
      const batch = await (this.#taking.get(id) ?? this.#take(id, take))
      if (batch.remaining < 0) return batch
    }
  }

  #spendLeased(id: string) {
    const lease = this.#leases.get(id)
    if (!lease) return undefined
    const resetMs = lease.until - performance.now()
    if (lease.left === 0 || resetMs <= 0) {
      this.#leases.delete(id)
      return undefined
    }
    lease.left -= 1
    return { remaining: lease.remaining + lease.left, resetMs }
  }

  /** One request to Redis at a time per key; all waiting callers share its batch. */
  #take(id: string, take: () => Promise<PointBatch>): Promise<PointBatch> {
    const taking = take()
      .then((batch) => {
        if (batch.remaining >= 0) this.#keep(id, batch)
        return batch
      })
      .finally(() => this.#taking.delete(id))
    this.#taking.set(id, taking)
    return taking
  }

  #keep(id: string, { points, remaining, resetMs }: PointBatch): void {
    this.#leases.set(id, { left: points, remaining, until: performance.now() + resetMs })
  }
}
