import { AppError } from '@kinora/common/errors'
import type { Redis } from 'ioredis'
import type { Counter } from 'prom-client'
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'
import { type Grant, Leases } from './lease.ts'
import { type Allowance, type Allowances, type RateLimitKey, RULES, type Rule } from './policies.ts'
import { WindowMirror } from './window-mirror.ts'

/** After Redis has failed to answer no request asks it, until it has answered to us: we ask so often. */
const PROBE_MS = 500
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
  /** How many gateways share the allowances; without Redis each grants its part. */
  gateways: number
  limited: Counter<'policy'>
  fallback: Counter<string>
}

interface Limiter {
  shared: RateLimiterRedis
  /** Bounded; counts what this gateway has granted without Redis. */
  local: RateLimiterMemory
  allowance: Allowance
  /** Points taken from Redis at a time. */
  batch: number
}

/** What has been spent never becomes less by an answer that is late: one atomic step, the window's end is left alone. */
const RAISE = `
  local spent = tonumber(redis.call('get', KEYS[1]))
  if spent and spent < tonumber(ARGV[1]) then redis.call('set', KEYS[1], ARGV[1], 'KEEPTTL') end`

/**
 * Counts requests in Redis, for all gateways together, by one atomic script, before anything is decided. While Redis is
 * away each gateway goes on counting from where the windows were, by itself; what it has counted is told to Redis when it
 * is back. No route is ever let through uncounted, and no window begins anew because Redis goes or comes.
 */
export class RateLimiter {
  readonly #redis: Redis
  readonly #gateways: number
  readonly #limiters: Record<Rule, Limiter>
  readonly #limited: Counter<'policy'>
  readonly #fallback: Counter<string>
  readonly #leases = new Leases()
  readonly #mirror = new WindowMirror()
  #suspended = false

  constructor({ redis, prefix, allowances, gateways, limited, fallback }: RateLimiterOptions) {
    const entries = RULES.map((rule) => [rule, createLimiter(redis, prefix, rule, allowances[rule])])
    this.#redis = redis
    this.#gateways = gateways
    this.#limiters = Object.fromEntries(entries) as Record<Rule, Limiter>
    this.#limited = limited
    this.#fallback = fallback
  }

  /** The `RateLimit-Policy` item of what is counted. */
  policyOf({ rule, points }: RateLimitKey): string {
    const { allowance } = this.#limiters[rule]
    return `"${rule}";q=${points ?? allowance.points};w=${allowance.seconds}`
  }

  /** Is Redis left alone, because it did not answer? */
  get suspended(): boolean {
    return this.#suspended
  }

  /** Counts one request. The caller may answer it only where `remaining` is not negative. */
  async count(counted: RateLimitKey): Promise<Standing> {
    const { remaining, resetMs } = await this.#spend(counted)
    if (remaining < 0) this.#limited.inc({ policy: counted.rule })
    return { rule: counted.rule, remaining, resetMs }
  }

  async #spend(counted: RateLimitKey): Promise<Omit<Grant, 'points'>> {
    const { rule, key, points } = counted
    const limiter = this.#limiters[rule]
    if (points !== undefined) {
      return await this.#consume({ ...limiter, allowance: { ...limiter.allowance, points }, batch: 1 }, key)
    }
    if (limiter.batch === 1) return await this.#consume(limiter, key)
    return await this.#leases.spend(counted, () => this.#consume(limiter, key))
  }

  async #consume(limiter: Limiter, key: string): Promise<Grant> {
    if (!this.#suspended) {
      try {
        return await this.#consumeShared(limiter, key)
      } catch {
        this.#suspend()
      }
    }
    this.#fallback.inc()
    return await this.#consumeHere(limiter, key)
  }

  async #consumeShared({ shared, allowance, batch }: Limiter, key: string): Promise<Grant> {
    const id = shared.getKey(key)
    // From before the question: so a window never lasts longer here than there.
    const askedAt = performance.now()
    const { consumedPoints, msBeforeNext } = await consume(shared, key, batch)
    const { consumed, until } = this.#mirror.learn(id, batch, {
      consumed: consumedPoints,
      until: askedAt + msBeforeNext,
    })
    if (consumed > consumedPoints) this.#redis.eval(RAISE, 1, id, consumed).catch(() => {})
    return grant(allowance.points - consumed, until, batch)
  }

  /** Strict twice: by what is known of this window, and by a count of bounded size that nobody can push out. */
  async #consumeHere({ shared, local, allowance, batch }: Limiter, key: string): Promise<Grant> {
    const { consumed, until } = this.#mirror.spend(shared.getKey(key), batch, allowance.seconds * 1000)
    const known = grant(allowance.points - consumed, until, batch)
    const { consumedPoints, msBeforeNext } = await consume(local, bucketOf(key), batch)
    const part = Math.max(1, Math.floor(allowance.points / this.#gateways))
    const left = part - consumedPoints
    return known.remaining < left ? known : grant(left, performance.now() + msBeforeNext, batch)
  }

  #suspend(): void {
    if (this.#suspended) return
    this.#suspended = true
    this.#probe()
  }

  #probe(): void {
    setTimeout(() => void this.#ask(), PROBE_MS).unref()
  }

  async #ask(): Promise<void> {
    try {
      await this.#redis.ping()
      this.#suspended = false
    } catch {
      if (this.#redis.status !== 'end') this.#probe()
    }
  }
}

function createLimiter(redis: Redis, prefix: string, rule: Rule, allowance: Allowance): Limiter {
  const { points, seconds } = allowance
  const options = { duration: seconds, keyPrefix: `${prefix}rate:${rule}` }
  return {
    shared: new RateLimiterRedis({ ...options, points, storeClient: redis, rejectIfRedisNotReady: true }),
    local: new RateLimiterMemory({ ...options, points }),
    allowance,
    batch: Math.max(1, Math.floor(points / LEASE_SHARE)),
  }
}

function grant(remaining: number, until: number, batch: number): Grant {
  const resetMs = Math.max(0, until - performance.now())
  return remaining < 0 ? { points: 0, remaining: -1, resetMs } : { points: batch, remaining, resetMs }
}

/** The library throws its answer where it is a refusal; here both are answers. */
async function consume(limiter: RateLimiterRedis | RateLimiterMemory, key: string, points: number) {
  try {
    return await limiter.consume(key, points)
  } catch (refusal) {
    if (refusal instanceof RateLimiterRes) return refusal
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
