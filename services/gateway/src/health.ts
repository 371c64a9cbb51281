import type { Bus } from '@kinora/common/bus'
import type { Health } from '@kinora/common/service'
import type { Store } from '@kinora/common/storage'
import type { Redis } from 'ioredis'
import type { Revocations } from './identity/revocations.ts'
import type { RateLimiter } from './rate-limit/rate-limiter.ts'

export interface Dependencies {
  bus: Bus
  redis: Redis
  store: Store
  limiter: RateLimiter
  revocations: Revocations
}

/** What `/readyz` tells. Redis and open breakers are shown, but the gateway does its work without them. */
export function watchDependencies(health: Health, { bus, redis, store, limiter, revocations }: Dependencies): void {
  health.add('bus', () => {
    const { connected, blocked } = bus.status()
    return { ok: connected, detail: { connected, blocked } }
  })
  health.add('breakers', () => ({ ok: true, detail: bus.status().breakers }))
  health.add('redis', () => ({ ok: true, detail: { degraded: redis.status !== 'ready' || limiter.suspended } }))
  health.add('storage', async () => {
    await store.check()
    return { ok: true }
  })
  health.add('revocations', () => ({
    ok: revocations.loaded,
    detail: { stale: revocations.stale, sessions: revocations.size },
  }))
}
