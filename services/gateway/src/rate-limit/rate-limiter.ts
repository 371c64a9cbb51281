import { AppError } from '@kinora/common/errors'
import type { Logger } from '@kinora/common/service'
import type { Response } from 'express'
import { Redis } from 'ioredis'
import type { Counter } from 'prom-client'
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'
import { Leases, type PointBatch } from './lease.ts'
import { type Allowance, type Allowances, type RateLimitKey, RULES, type Rule } from './policies.ts'
import { WindowMirror } from './window-mirror.ts'

/** After a failed command no request uses Redis until a ping succeeds; one is sent at this interval. */
const PROBE_MS = 500
/** A gateway takes 1/100 of an allowance from Redis at a time, but at least one point. */
const LEASE_SHARE = 100
/** Number of counters per rule in this process while Redis is unavailable. */
const BUCKETS = 65_536

/** The state of a counter after a request was counted. `remaining` is negative if the request must be refused. */
export interface RateLimitUsage {
  rule: Rule | 'playback-open' | 'download-open'
  remaining: number
  /** Milliseconds until the window ends. */
  resetMs: number
}

export interface RateLimiterOptions {
  redis: Redis
  prefix: string
  allowances: Allowances
  /** Number of gateways that share the allowances; without Redis each grants its share. */
  gateways: number
  /** Counts refused requests. */
  limited: Counter<'policy'>
  /** Counts requests that were counted without Redis. */
  fallback: Counter<string>
}

interface Limiter {
  shared: RateLimiterRedis
  /** Points that this gateway has granted without Redis, by bucket: see `bucketOf`. */
  local: RateLimiterMemory
  allowance: Allowance
  /** Points taken from Redis at a time. */
  batchPoints: number
}

/** Raises a counter atomically, and never lowers it, because it may have grown meanwhile. Keeps the end of the window. */
const RAISE = `
  local spent = tonumber(redis.call('get', KEYS[1]))
  if spent and spent < tonumber(ARGV[1]) then redis.call('set', KEYS[1], ARGV[1], 'KEEPTTL') end`

/**
 * Counts requests in Redis, for all gateways together, by one atomic script. While Redis is unavailable, each gateway
 * continues the counts in its own memory, and adds them to Redis when that is back. No request is admitted uncounted, and
 * no window restarts because Redis became unavailable or returned.
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

  /** The item of this counter in the `RateLimit-Policy` header, such as `"user";q=1000;w=60`. */
  policyOf({ rule, points }: RateLimitKey): string {
    const { allowance } = this.#limiters[rule]
    const unit = rule.endsWith('-bytes') ? ';qu="content-bytes"' : ''
    return `"${rule}";q=${points ?? allowance.points}${unit};w=${allowance.seconds}`
  }

  /** Whether Redis is not used, because it did not answer. */
  get suspended(): boolean {
    return this.#suspended
  }

  /**
   * Counts one request, or this many bytes. The caller must refuse it if `remaining` is negative. Never rejects because of Redis.
   */
  async count(counter: RateLimitKey, amount = 1): Promise<RateLimitUsage> {
    const { remaining, resetMs } = await this.#spend(counter, amount)
    if (remaining < 0) this.refused(counter.rule)
    return { rule: counter.rule, remaining, resetMs }
  }

  /** Bytes that were counted and not sent. */
  giveBack(counter: RateLimitKey, amount: number): void {
    this.#leases.giveBack(counter, amount)
  }

  /** Shows a refusal in metrics. */
  refused(policy: string): void {
    this.#limited.inc({ policy })
  }

  async #spend(counter: RateLimitKey, amount: number): Promise<Omit<PointBatch, 'points'>> {
    const { rule, key, points } = counter
    const limiter = this.#limiters[rule]
    if (points !== undefined) {
      return await this.#consume({ ...limiter, allowance: { ...limiter.allowance, points }, batchPoints: 1 }, key)
    }
    if (limiter.batchPoints === 1) return await this.#consume(limiter, key)
    const batchPoints = Math.max(limiter.batchPoints, amount)
    return await this.#leases.spend(counter, () => this.#consume({ ...limiter, batchPoints }, key), amount)
  }

  async #consume(limiter: Limiter, key: string): Promise<PointBatch> {
    if (!this.#suspended) {
      try {
        return await this.#consumeShared(limiter, key)
      } catch {
        this.#suspend()
      }
    }
    this.#fallback.inc()
    return await this.#consumeLocal(limiter, key)
  }

  async #consumeShared({ shared, allowance, batchPoints }: Limiter, key: string): Promise<PointBatch> {
    const id = shared.getKey(key)
    // Taken before the request, so that a window never lasts longer here than in Redis.
    const sentAt = performance.now()
    const { consumedPoints, msBeforeNext } = await consume(shared, key, batchPoints)
    const { consumed, until } = this.#mirror.record(id, batchPoints, {
      consumed: consumedPoints,
      until: sentAt + msBeforeNext,
    })
    if (consumed > consumedPoints) this.#redis.eval(RAISE, 1, id, consumed).catch(() => {})
    return toBatch(allowance.points - consumed, until, batchPoints)
  }

  /**
   * Applies the stricter of two counts: the mirror of this window, and a bucket, which unlike the mirror is never evicted.
   */
  async #consumeLocal({ shared, local, allowance, batchPoints }: Limiter, key: string): Promise<PointBatch> {
    const { consumed, until } = this.#mirror.spend(shared.getKey(key), batchPoints, allowance.seconds * 1000)
    const known = toBatch(allowance.points - consumed, until, batchPoints)
    const { consumedPoints, msBeforeNext } = await consume(local, bucketOf(key), batchPoints)
    const share = Math.max(1, Math.floor(allowance.points / this.#gateways))
    const left = share - consumedPoints
    return known.remaining < left ? known : toBatch(left, performance.now() + msBeforeNext, batchPoints)
  }

  #suspend(): void {
    if (this.#suspended) return
    this.#suspended = true
    this.#probe()
  }

  #probe(): void {
    setTimeout(() => void this.#ping(), PROBE_MS).unref()
  }

  async #ping(): Promise<void> {
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
    batchPoints: Math.max(1, Math.floor(points / LEASE_SHARE)),
  }
}

function toBatch(remaining: number, until: number, batchPoints: number): PointBatch {
  const resetMs = Math.max(0, until - performance.now())
  return remaining < 0 ? { points: 0, remaining: -1, resetMs } : { points: batchPoints, remaining, resetMs }
}

/** Consumes points; returns the result also if the library rejects with it, as it does above the allowance. */
async function consume(limiter: RateLimiterRedis | RateLimiterMemory, key: string, points: number) {
  try {
    return await limiter.consume(key, points)
  } catch (refusal) {
    if (refusal instanceof RateLimiterRes) return refusal
    throw refusal
  }
}

/**
 * The bucket that a key is counted in. Their number is fixed, so that requests from many addresses cannot fill the memory.
 * Keys in one bucket share an allowance, which may refuse too early but never allows too much.
 */
function bucketOf(key: string): string {
  let hash = 2166136261
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 16777619)
  return String((hash >>> 0) % BUCKETS)
}

/** The error for a refused request. */
export function rateLimited({ resetMs }: RateLimitUsage): AppError {
  return new AppError('RATE_LIMITED', { retryAfterMs: resetMs })
}

/** draft-ietf-httpapi-ratelimit-headers-10. A request that is counted twice has two items in each header. */
export function setRateLimitHeaders(res: Response, policy: string, { rule, remaining, resetMs }: RateLimitUsage): void {
  append(res, 'RateLimit-Policy', policy)
  append(res, 'RateLimit', `"${rule}";r=${Math.max(0, remaining)};t=${Math.ceil(resetMs / 1000)}`)
}

function append(res: Response, name: string, item: string): void {
  const present = res.getHeader(name)
  res.setHeader(name, present === undefined ? item : `${present}, ${item}`)
}

/**
 * A connection whose commands answer within 400 ms or fail. No command waits for Redis to be reachable again. Logs when
 * Redis becomes unreachable and when it is back.
 */
export function connectRedis(url: string, logger: Logger): Redis {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    connectTimeout: 1000,
    commandTimeout: 400,
    retryStrategy: (attempt) => Math.min(attempt * 100, 1000),
  })
  let reachable = true
  redis.on('ready', () => {
    if (!reachable) logger.info('redis is back')
    reachable = true
  })
  redis.on('error', (error) => {
    // As text: the object has the arguments of the failed command, which for AUTH include the password.
    if (reachable) logger.warn({ error: String(error) }, 'redis is unreachable; requests are counted in this process')
    reachable = false
  })
  return redis
}
