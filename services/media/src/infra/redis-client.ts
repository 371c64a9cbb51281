import type { Logger } from '@kinora/common/service'
import { Redis } from 'ioredis'
import type { CacheClient } from './read-cache.ts'

const COMMAND_MS = 100

/** Redis for caching: nothing waits for it. While it is away every command fails at once. */
export function connectRedis(url: string, prefix: string, logger: Logger): CacheClient {
  const redis = new Redis(url, {
    keyPrefix: prefix,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_MS,
    connectTimeout: 1000,
    retryStrategy: (times) => Math.min(2000, 50 * 2 ** Math.min(times, 6)),
  })
  // Each failed attempt raises one; the state is part of readiness, and a line per second would help nobody. The object
  // itself is not logged: that of a refused sign-in holds the password.
  redis.on('error', (error) => logger.debug({ error: String(error) }, 'Redis'))
  redis.on('ready', () => logger.info('Redis is there'))
  redis.on('close', () => logger.debug('Redis is away'))
  return {
    async getBoth(first, second) {
      const [one = null, other = null] = await redis.mget(first, second)
      return [one, other]
    },
    async put(key, value, ttlMs) {
      await redis.set(key, value, 'PX', ttlMs)
    },
    async putIfAbsent(key, value, ttlMs) {
      return (await redis.set(key, value, 'PX', ttlMs, 'NX', 'GET')) ?? value
    },
    ready: () => redis.status === 'ready',
    close: () => redis.disconnect(),
  }
}
