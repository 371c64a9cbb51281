import { LRUCache } from 'lru-cache'
import type { RateLimitKey } from './policies.ts'

/** What one trip to the store has brought: `points` to spend here, or a refusal where `remaining` is negative. */
export interface Grant {
  points: number
  remaining: number
  resetMs: number
}

interface Lease {
  left: number
  /** In the store, when the lease was taken. */
  remaining: number
  until: number
}

const MAX_LEASES = 10_000

/**
 * Takes points of a large allowance from the store in small batches and spends them here, so that not every request
 * costs a trip to Redis. They are counted in the store before any is spent: several gateways together can refuse a
 * little too early, at most one batch each, and never allow too much.
 */
export class Leases {
  readonly #leases = new LRUCache<string, Lease>({ max: MAX_LEASES })
  readonly #taking = new Map<string, Promise<Grant>>()

  /** Spends one point of this key; `take` fetches a batch. */
  async spend(
    { rule, key }: RateLimitKey,
    take: () => Promise<Grant>,
  ): Promise<{ remaining: number; resetMs: number }> {
    const id = `${rule}:${key}`
    for (;;) {
      const spent = this.#spendHere(id)
      if (spent) return spent
      const grant = await (this.#taking.get(id) ?? this.#take(id, take))
      if (grant.remaining < 0) return grant
    }
  }

  #spendHere(id: string) {
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

  /** One trip at a time for each key: all who wait share what it brings. */
  #take(id: string, take: () => Promise<Grant>): Promise<Grant> {
    const taking = take()
      .then((grant) => {
        if (grant.remaining >= 0) this.#keep(id, grant)
        return grant
      })
      .finally(() => this.#taking.delete(id))
    this.#taking.set(id, taking)
    return taking
  }

  #keep(id: string, { points, remaining, resetMs }: Grant): void {
    this.#leases.set(id, { left: points, remaining, until: performance.now() + resetMs })
  }
}
