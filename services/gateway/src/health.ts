import type { Bus } from '@kinora/common/bus'
import { type Health, type Lifecycle, type Logger, startLoop } from '@kinora/common/service'
import type { Store, StoreCheck } from '@kinora/common/storage'
import type { Redis } from 'ioredis'
import type { Revocations } from './identity/revocations.ts'
import type { RateLimiter } from './rate-limit/rate-limiter.ts'

export interface Dependencies {
  life: Lifecycle
  logger: Logger
  bus: Bus
  redis: Redis
  store: Store
  storeCheck: StoreCheck
  limiter: RateLimiter
  revocations: Revocations
}

const STORAGE_EVERY_MS = 5000
/** A check on a hanging disk never ends, so a missing result counts as a failure. */
const STORAGE_STALE_MS = 3 * STORAGE_EVERY_MS

/**
 * Registers the readiness checks. They read state in memory only, so a readiness request costs no I/O. Redis and open
 * breakers are reported but never make the gateway unready, because it works without them.
 */
export function watchDependencies(health: Health, dependencies: Dependencies): void {
  const { bus, redis, limiter, revocations } = dependencies
  health.add('bus', () => {
    const { connected, reachable, blocked } = bus.status()
    return { ok: connected && reachable, detail: { connected, reachable, blocked } }
  })
  health.add('breakers', () => ({ ok: true, detail: bus.status().breakers }))
  health.add('redis', () => ({ ok: true, detail: { degraded: redis.status !== 'ready' || limiter.suspended } }))
  const storage = watchStorage(dependencies)
  health.add('storage', () => {
    const { problem, usable } = dependencies.storeCheck
    return { ok: storage.good() && usable, ...(problem !== null && { detail: { problem } }) }
  })
  health.add('revocations', () => ({
    ok: revocations.loaded,
    detail: { stale: revocations.stale, entries: revocations.size },
  }))
}

function watchStorage({ store, storeCheck, life, logger }: Dependencies): { good(): boolean } {
  // The store was opened just now, and opening includes this check.
  let goodAt = performance.now()
  const check = async () => {
    try {
      await store.check()
      goodAt = performance.now()
      await compare()
    } catch (error) {
      goodAt = Number.NEGATIVE_INFINITY
      throw error
    }
  }
  let reported: string | null = null
  async function compare(): Promise<void> {
    await storeCheck.compareWhenDue()
    const { problem } = storeCheck
    if (problem !== null && problem !== reported) logger.error(problem)
    reported = problem
  }
  life.use(startLoop('storage check', STORAGE_EVERY_MS, check, logger), 'storage check', (it) => it.stop())
  return { good: () => performance.now() - goodAt < STORAGE_STALE_MS }
}
