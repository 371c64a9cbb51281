import type { Logger } from '@kinora/common/service'
import { Redis } from 'ioredis'

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
