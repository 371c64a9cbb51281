import { AppError } from '@kinora/common/errors'
import type { Redis } from 'ioredis'
import type { Counter } from 'prom-client'
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'
import { type Grant, Leases } from './lease.ts'
import { type Allowance, type Allowances, type Counted, RULES, type Rule } from './policies.ts'

/** After Redis failed to answer, it is not asked for so long: waiting for it on each request would be slow. */
const SUSPEND_MS = 1000
/** Of an allowance one gateway takes so much at a time: a hundredth, and one by one where that is less than two. */
const LEASE_SHARE = 100
/** Different keys that this process counts while Redis is away. */
const BUCKETS = 65_536

export interface Standing {
  rule: Rule
  remaining: number
  /** Until the window ends. */
  resetMs: number
}

export interface RateLimiterOptions {
  redis: Redis
  prefix: string
  allowances: Allowances
  limited: Counter<'policy'>
  fallback: Counter<string>
}

interface Limiter {
  shared: RateLimiterRedis
  local: RateLimiterMemory
  allowance: Allowance
  /** Points taken from Redis at a time. */
  batch: number
}

/**
 * Counts requests in Redis, for all gateways together, by one atomic script, before anything is decided. While Redis is
 * away each gateway counts by itself with the same allowances: no route is ever let through uncounted.
 */
export class RateLimiter {
  readonly #limiters: Record<Rule, Limiter>
  readonly #limited: Counter<'policy'>
  readonly #fallback: Counter<string>
  readonly #leases = new Leases()
  #suspendedUntil = 0

  constructor({ redis, prefix, allowances, limited, fallback }: RateLimiterOptions) {
    const entries = RULES.map((rule) => [rule, createLimiter(redis, prefix, rule, allowances[rule])])
    this.#limiters = Object.fromEntries(entries) as Record<Rule, Limiter>
    this.#limited = limited
    this.#fallback = fallback
  }

  /** The `RateLimit-Policy` item of what is counted. */
  policyOf({ rule, points }: Counted): string {
    const { allowance } = this.#limiters[rule]
    return `"${rule}";q=${points ?? allowance.points};w=${allowance.seconds}`
  }

  /** Is Redis left alone for a moment, because it did not answer? */
  get suspended(): boolean {
    return performance.now() < this.#suspendedUntil
  }

  /** Counts one request. The caller may answer it only where `remaining` is not negative. */
  async count(counted: Counted): Promise<Standing> {
    const { remaining, resetMs } = await this.#spend(counted)
    if (remaining < 0) this.#limited.inc({ policy: counted.rule })
    return { rule: counted.rule, remaining, resetMs }
  }

  async #spend(counted: Counted): Promise<Omit<Grant, 'points'>> {
    const { rule, key, points } = counted
    const limiter = this.#limiters[rule]
    if (points !== undefined) {
      const { remaining, resetMs } = await this.#consume({ ...limiter, batch: 1 }, key)
      return { remaining: remaining - (limiter.allowance.points - points), resetMs }
    }
    if (limiter.batch === 1) return await this.#consume(limiter, key)
    return await this.#leases.spend(counted, () => this.#consume(limiter, key))
  }

  async #consume({ shared, local, batch }: Limiter, key: string): Promise<Grant> {
    if (!this.suspended) {
      try {
        return await consume(shared, key, batch)
      } catch {
        this.#suspendedUntil = performance.now() + SUSPEND_MS
      }
    }
    this.#fallback.inc()
    return await consume(local, bucketOf(key), batch)
  }
}

function createLimiter(redis: Redis, prefix: string, rule: Rule, allowance: Allowance): Limiter {
  const { points, seconds } = allowance
  const options = { points, duration: seconds, keyPrefix: `${prefix}rate:${rule}` }
  return {
    shared: new RateLimiterRedis({ ...options, storeClient: redis, rejectIfRedisNotReady: true }),
    local: new RateLimiterMemory(options),
    allowance,
    batch: Math.max(1, Math.floor(points / LEASE_SHARE)),
  }
}

async function consume(limiter: RateLimiterRedis | RateLimiterMemory, key: string, points: number): Promise<Grant> {
  try {
    const result = await limiter.consume(key, points)
    return { points, remaining: result.remainingPoints, resetMs: result.msBeforeNext }
  } catch (refusal) {
    if (refusal instanceof RateLimiterRes) return { points: 0, remaining: -1, resetMs: refusal.msBeforeNext }
    throw refusal
  }
}

/**
 * Keys fall into a fixed number of buckets, so that a flood from many addresses cannot fill the memory. Two keys in one
 * bucket share an allowance: too strict at times, never too lax.
 */
function bucketOf(key: string): string {
  let hash = 2166136261
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 16777619)
  return String((hash >>> 0) % BUCKETS)
}

export function tooMany({ resetMs }: Standing): AppError {
  return new AppError('RATE_LIMITED', { retryAfterMs: resetMs })
}
