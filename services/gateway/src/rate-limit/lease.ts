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

  /** Spends points of this key. `take` fetches at least as many. `remaining` is negative if the request must be refused. */
  async spend(
    counter: RateLimitKey,
    take: () => Promise<PointBatch>,
    points = 1,
  ): Promise<{ remaining: number; resetMs: number }> {
    const id = idOf(counter)
    for (;;) {
      const spent = this.#spendLeased(id, points)
      if (spent) return spent
      const batch = await (this.#taking.get(id) ?? this.#take(id, take))
      if (batch.remaining < 0) return batch
    }
  }

  /** Points that were spent and not needed, for the next requests of this key at this gateway. */
  giveBack(counter: RateLimitKey, points: number): void {
    const lease = this.#leases.get(idOf(counter))
    if (lease) lease.left += points
  }

  #spendLeased(id: string, points: number) {
    const lease = this.#leases.get(id)
    if (!lease) return undefined
    const resetMs = lease.until - performance.now()
    if (resetMs <= 0) this.#leases.delete(id)
    if (lease.left < points || resetMs <= 0) return undefined
    lease.left -= points
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
    const until = performance.now() + resetMs
    const before = this.#leases.get(id)
    // Too few for the last request, and of the same window.
    const left = before && until - before.until < SAME_WINDOW_MS ? before.left : 0
    this.#leases.set(id, { left: left + points, remaining, until })
  }
}

/** Windows are a second and longer, and a time that Redis says is inexact by the way of its answer. */
const SAME_WINDOW_MS = 500

function idOf({ rule, key }: RateLimitKey): string {
  return `${rule}:${key}`
}
