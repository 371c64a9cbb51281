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
/** A disk that hangs answers nothing, so silence counts as failure. */
const STORAGE_STALE_MS = 3 * STORAGE_EVERY_MS

/**
 * What readiness is made of, all of it from memory: whoever asks costs nothing. Redis and open breakers are shown, but the
 * gateway does its work without them.
 */
export function watchDependencies(health: Health, dependencies: Dependencies): void {
  const { bus, redis, limiter, revocations } = dependencies
  health.add('bus', () => {
    const { connected, blocked } = bus.status()
    return { ok: connected, detail: { connected, blocked } }
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
  // It was opened a moment ago, and that includes this check.
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
  let told: string | null = null
  async function compare(): Promise<void> {
    await storeCheck.compareWhenDue()
    const { problem } = storeCheck
    if (problem !== null && problem !== told) logger.error(problem)
    told = problem
  }
  life.use(startLoop('storage check', STORAGE_EVERY_MS, check, logger), 'storage check', (it) => it.stop())
  return { good: () => performance.now() - goodAt < STORAGE_STALE_MS }
}
