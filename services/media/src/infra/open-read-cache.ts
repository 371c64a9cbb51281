import { randomUUID } from 'node:crypto'
import type { Logger } from '@kinora/common/service'
import type { MediaConfig } from '../config.ts'
import { createReadCache, NO_CACHE, type ReadCache } from './read-cache.ts'
import { connectRedis } from './redis-client.ts'

export function openReadCache(config: MediaConfig, logger: Logger): ReadCache {
  if (!config.REDIS_URL) return NO_CACHE
  return createReadCache(connectRedis(config.REDIS_URL, `${config.REDIS_PREFIX}media:`, logger), randomUUID, logger)
}
