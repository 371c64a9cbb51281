import { randomUUID } from 'node:crypto'
import type { Logger } from '@kinora/common/service'
import { Redis } from 'ioredis'
import type { MediaConfig } from '../config.ts'

/**
 * Caches answers that members of a project read often. Each project has a generation, a random id that every change of one of
 * its videos replaces; an answer is valid while it carries the current one. A reader that loaded before a commit and
 * stores after it stores under an old generation, so its answer is never used. No keys are deleted by pattern.
 *
 * Only members of the project get answers from the cache. Whether others may see a video is decided on its row, so an eviction
 * that never reached Redis cannot show a private video to anyone.
 */
export interface ReadCache {
  /** Reads `key` of this project. An answer that is not cached is loaded, and cached where `keep` says that it is the project's. */
  read<T>(projectId: string, key: string, load: () => Promise<T>, keep?: (loaded: T) => boolean): Promise<T>
  /** After a commit: answers from before it are not used any more. Never throws. */
  evict(projectId: string): Promise<void>
  state(): 'ready' | 'degraded' | 'off'
  close(): void
}

/** The commands that the cache needs; each rejects within 100 ms when Redis is away. */
export interface CacheClient {
  getBoth(first: string, second: string): Promise<[string | null, string | null]>
  put(key: string, value: string, ttlMs: number): Promise<void>
  /** Writes unless there is a value; returns the value that is stored afterwards. */
  putIfAbsent(key: string, value: string, ttlMs: number): Promise<string>
  ready(): boolean
  close(): void
}

/** How long an answer can outlive an eviction that was lost with its process. */
const ANSWER_MS = 10_000
const GENERATION_MS = 24 * 3600 * 1000
const RETRY_MS = 200
/** A generation is a UUID; the answer follows it. */
const GENERATION_LENGTH = 36

export function createReadCache(client: CacheClient, newId: () => string, logger: Logger): ReadCache {
  /** Projects whose generation could not be replaced yet; the cache is not used for them. */
  const pending = new Map<string, NodeJS.Timeout>()

  async function read<T>(
    projectId: string,
    key: string,
    load: () => Promise<T>,
    keep: (loaded: T) => boolean = () => true,
  ): Promise<T> {
    if (!client.ready() || pending.has(projectId)) return await load()
    let generation: string
    try {
      const [current, answer] = await client.getBoth(generationKey(projectId), key)
      if (current && answer?.startsWith(current)) return JSON.parse(answer.slice(GENERATION_LENGTH)) as T
      generation = current ?? (await client.putIfAbsent(generationKey(projectId), newId(), GENERATION_MS))
    } catch {
      return await load()
    }
    // Loaded after the generation was read: a change that this load does not see replaces the generation later.
    const loaded = await load()
    if (keep(loaded)) client.put(key, generation + JSON.stringify(loaded), ANSWER_MS).catch(() => {})
    return loaded
  }

  async function evict(projectId: string): Promise<void> {
    try {
      await client.put(generationKey(projectId), newId(), GENERATION_MS)
      clear(projectId)
    } catch (error) {
      if (!pending.has(projectId)) logger.warn({ err: error }, 'cache eviction failed; retrying')
      retryUntil(projectId, performance.now() + ANSWER_MS)
    }
  }

  /** Retries until it succeeds, or until all answers from before have expired. */
  function retryUntil(projectId: string, until: number): void {
    clear(projectId)
    const again = async () => {
      try {
        await client.put(generationKey(projectId), newId(), GENERATION_MS)
        clear(projectId)
      } catch {
        if (performance.now() < until) retryUntil(projectId, until)
        else clear(projectId)
      }
    }
    pending.set(projectId, setTimeout(() => void again(), RETRY_MS).unref())
  }

  function clear(projectId: string): void {
    clearTimeout(pending.get(projectId))
    pending.delete(projectId)
  }

  return {
    read,
    evict,
    state: () => (client.ready() ? 'ready' : 'degraded'),
    close() {
      for (const timer of pending.values()) clearTimeout(timer)
      client.close()
    },
  }
}

const NO_CACHE: ReadCache = {
  read: (_projectId, _key, load) => load(),
  evict: async () => {},
  state: () => 'off',
  close: () => {},
}

function generationKey(projectId: string): string {
  return `generation:${projectId}`
}

export function openReadCache(config: MediaConfig, logger: Logger): ReadCache {
  if (!config.REDIS_URL) return NO_CACHE
  return createReadCache(connectRedis(config.REDIS_URL, `${config.REDIS_PREFIX}media:`, logger), randomUUID, logger)
}

const COMMAND_MS = 100

/** Redis as a cache: while it is away every command fails at once, so no request waits for it. */
export function connectRedis(url: string, prefix: string, logger: Logger): CacheClient {
  const redis = new Redis(url, {
    keyPrefix: prefix,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_MS,
    connectTimeout: 1000,
    retryStrategy: (times) => Math.min(2000, 50 * 2 ** Math.min(times, 6)),
  })
  // Every failed attempt emits an error. The readiness check shows the state, so these are debug lines. The error object is
  // not logged: that of a refused sign-in contains the password.
  redis.on('error', (error) => logger.debug({ error: String(error) }, 'Redis'))
  redis.on('ready', () => logger.info('Redis connected'))
  redis.on('close', () => logger.debug('Redis disconnected'))
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
