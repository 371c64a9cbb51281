import type { Logger } from '@kinora/common/service'
import { Redis } from 'ioredis'

/**
 * A connection that answers or fails at once: nothing waits for Redis to come back, and an answer that takes longer than
 * a request may wait is a failure.
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
    // As text: the object has the arguments of the command that failed, and of AUTH that is the password.
    if (reachable)
      logger.warn({ error: String(error) }, 'redis cannot be reached; requests are counted in this process')
    reachable = false
  })
  return redis
}
