import { randomUUID } from 'node:crypto'
import type { Logger } from '@kinora/common/service'
import { Redis } from 'ioredis'
import type { MediaConfig } from '../config.ts'

/**
 * Answers that an owner reads often. Each owner has a generation, a random number that every change of one of his videos
 * replaces; an answer is valid while it carries the present one. So a reader that loaded before a commit and stores
 * after it stores under a generation that is gone: slower, never wrong, whatever the order. Nothing is deleted by
 * pattern.
 *
 * Only the owner is answered from here. Whether somebody else may see a video is decided on its row, so an invalidation
 * that never reached Redis cannot show a private video to anyone.
 */
export interface ReadCache {
  /** Asks for `key` of this owner; what is not there is loaded, and remembered if it is his (`keep`). */
  read<T>(ownerId: string, key: string, load: () => Promise<T>, keep?: (loaded: T) => boolean): Promise<T>
  /** After a commit: what was read before is not answered any more. Never throws. */
  evict(ownerId: string): Promise<void>
  state(): 'ready' | 'degraded' | 'off'
  close(): void
}

/** The few commands that the cache needs; each rejects within moments when Redis is away. */
export interface CacheClient {
  getBoth(first: string, second: string): Promise<[string | null, string | null]>
  put(key: string, value: string, ttlMs: number): Promise<void>
  /** Writes unless there is a value; returns the one that is there then. */
  putIfAbsent(key: string, value: string, ttlMs: number): Promise<string>
  ready(): boolean
  close(): void
}

/** How long an answer can outlive an invalidation that was lost with the process that should have made it. */
const ANSWER_MS = 10_000
const GENERATION_MS = 24 * 3600 * 1000
const RETRY_MS = 200
/** A generation is a UUID; the answer follows it. */
const GENERATION_LENGTH = 36

export function createReadCache(client: CacheClient, newId: () => string, logger: Logger): ReadCache {
  /** Owners whose generation could not be replaced yet; they are not answered from the cache. */
  const owed = new Map<string, NodeJS.Timeout>()

  async function read<T>(
    ownerId: string,
    key: string,
    load: () => Promise<T>,
    keep: (loaded: T) => boolean = () => true,
  ): Promise<T> {
    if (!client.ready() || owed.has(ownerId)) return await load()
    let generation: string
    try {
      const [current, answer] = await client.getBoth(generationKey(ownerId), key)
      if (current && answer?.startsWith(current)) return JSON.parse(answer.slice(GENERATION_LENGTH)) as T
      generation = current ?? (await client.putIfAbsent(generationKey(ownerId), newId(), GENERATION_MS))
    } catch {
      return await load()
    }
    // Loaded after the generation was read: a change that this load does not see replaces the generation later.
    const loaded = await load()
    if (keep(loaded)) client.put(key, generation + JSON.stringify(loaded), ANSWER_MS).catch(() => {})
    return loaded
  }

  async function evict(ownerId: string): Promise<void> {
    try {
      await client.put(generationKey(ownerId), newId(), GENERATION_MS)
      settle(ownerId)
    } catch (error) {
      if (!owed.has(ownerId)) logger.warn({ err: error }, 'the cache could not be told of a change; trying again')
      owe(ownerId, Date.now() + ANSWER_MS)
    }
  }

  /** Tries again until it worked, or until all answers from before have expired. */
  function owe(ownerId: string, until: number): void {
    settle(ownerId)
    const again = async () => {
      try {
        await client.put(generationKey(ownerId), newId(), GENERATION_MS)
        settle(ownerId)
      } catch {
        if (Date.now() < until) owe(ownerId, until)
        else settle(ownerId)
      }
    }
    owed.set(ownerId, setTimeout(() => void again(), RETRY_MS).unref())
  }

  function settle(ownerId: string): void {
    clearTimeout(owed.get(ownerId))
    owed.delete(ownerId)
  }

  return {
    read,
    evict,
    state: () => (client.ready() ? 'ready' : 'degraded'),
    close() {
      for (const timer of owed.values()) clearTimeout(timer)
      client.close()
    },
  }
}

const NO_CACHE: ReadCache = {
  read: (_ownerId, _key, load) => load(),
  evict: async () => {},
  state: () => 'off',
  close: () => {},
}

function generationKey(ownerId: string): string {
  return `generation:${ownerId}`
}

export function openReadCache(config: MediaConfig, logger: Logger): ReadCache {
  if (!config.REDIS_URL) return NO_CACHE
  return createReadCache(connectRedis(config.REDIS_URL, `${config.REDIS_PREFIX}media:`, logger), randomUUID, logger)
}

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
