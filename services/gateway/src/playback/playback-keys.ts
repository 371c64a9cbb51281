import type { Output } from '@kinora/common/contract'
import { media, type PlaybackGrant } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { readKeyToken, verifyKeyToken } from '@kinora/common/playback-key-token'
import { linkEnded } from '@kinora/common/playback-token'
import { LRUCache } from 'lru-cache'
import { gatewayCall, type Rpc } from '../rpc.ts'
import type { PlaybackRevocations } from './playback-revocations.ts'

/** How long a key is used before media is asked again, unless it is known that no revocation was missed. */
const FRESH_MS = 30_000
const DAY_MS = 86_400_000
/** Shorter than media names a retired key to gateways: a key that is still known here is on the list if it was retired. */
const KNOWN_MS = 6 * DAY_MS
/** Asked again in good time, so that a key which is in use is not forgotten during an outage. */
const RENEWED_MS = DAY_MS
const REFUSED_MS = 10_000
/** Of known keys, of refused ones, and of checked tokens. */
const MAX_ENTRIES = 10_000
/** Concurrent lookups, so that made-up ids from many addresses cannot overload media. */
const MAX_LOOKUPS = 100

type Key = Output<typeof media.getPlaybackKey>

interface KnownKey {
  key: Key
  /** By `performance.now()`. */
  freshUntil: number
  /** By `performance.now()`. */
  renewAt: number
}

/** What a reference says by itself. */
export type Limits = Pick<PlaybackGrant, 'videoId' | 'tokenId' | 'maxHeight' | 'download' | 'expiresAt'>

/** What a token allows if its video belongs to the project of its key. */
export interface SignedLimits {
  projectId: string
  limits: Limits
}

export interface PlaybackKeysOptions {
  revocations: PlaybackRevocations
  /** Milliseconds for which known keys are used while media does not answer. */
  offlineMs: number
}

/**
 * The keys with which customers sign playback tokens, and the tokens that were checked with them. A key does not change, so
 * it is looked up once; media reports when it is retired, as it reports revoked links.
 */
export class PlaybackKeys {
  readonly #rpc: Rpc
  readonly #options: PlaybackKeysOptions
  readonly #known = new LRUCache<string, KnownKey>({ max: MAX_ENTRIES, ttl: KNOWN_MS, perf: Date })
  readonly #refused = new LRUCache<string, true>({ max: MAX_ENTRIES, ttl: REFUSED_MS, perf: Date })
  readonly #lookups = new Map<string, Promise<Key>>()
  readonly #checked = new LRUCache<string, { keyId: string; limits: Limits }>({ max: MAX_ENTRIES })

  constructor(rpc: Rpc, options: PlaybackKeysOptions) {
    this.#rpc = rpc
    this.#options = options
  }

  /**
   * Null for a reference that no playback key has signed. `countLookup` is called before media is asked about a key, and may
   * throw to refuse that. Throws `PLAYBACK_DENIED`, and the errors of a failed call.
   */
  async read(reference: string, countLookup: () => Promise<void>): Promise<SignedLimits | null> {
    const checked = this.#checked.get(reference)
    const token = checked ? null : readKeyToken(reference)
    const keyId = checked?.keyId ?? token?.keyId
    if (keyId === undefined) return null
    const key = this.#usable(keyId) ?? (await this.#lookUp(keyId, countLookup))
    // Asked last: the answer about the key may be older than its retirement.
    if (this.#options.revocations.isKeyRetired(keyId)) throw linkEnded()
    if (checked) return { projectId: key.projectId, limits: checked.limits }
    if (!token) return null
    const { video: videoId, exp, maxHeight = null, download = false } = verifyKeyToken(token, key, new Date())
    const limits = { videoId, tokenId: null, maxHeight, download, expiresAt: new Date(exp * 1000).toISOString() }
    this.#checked.set(reference, { keyId, limits })
    return { projectId: key.projectId, limits }
  }

  /** Asks again about all keys, because retirements may have been missed. */
  invalidateAll(): void {
    for (const known of this.#known.values()) known.freshUntil = Number.NEGATIVE_INFINITY
  }

  #usable(keyId: string): Key | undefined {
    const known = this.#known.get(keyId)
    const now = performance.now()
    const { revocations, offlineMs } = this.#options
    if (!known || (now >= known.freshUntil && revocations.silentMs > offlineMs)) return undefined
    if (now >= known.renewAt) void this.#ask(keyId).catch(() => {})
    return known.key
  }

  async #lookUp(keyId: string, countLookup: () => Promise<void>): Promise<Key> {
    if (this.#refused.has(keyId)) throw linkEnded()
    if (!this.#lookups.has(keyId)) await countLookup()
    return await this.#ask(keyId)
  }

  /** All callers with tokens of one key share a question. */
  #ask(keyId: string): Promise<Key> {
    const running = this.#lookups.get(keyId)
    if (running !== undefined) return running
    if (this.#lookups.size >= MAX_LOOKUPS) throw new AppError('DEPENDENCY_UNAVAILABLE', { retryAfterMs: 1000 })
    const lookup = this.#fetch(keyId).finally(() => this.#lookups.delete(keyId))
    this.#lookups.set(keyId, lookup)
    return lookup
  }

  async #fetch(playbackKeyId: string): Promise<Key> {
    try {
      const key = await this.#rpc(media.getPlaybackKey, { playbackKeyId }, gatewayCall())
      const now = performance.now()
      this.#known.set(playbackKeyId, { key, freshUntil: now + FRESH_MS, renewAt: now + RENEWED_MS })
      return key
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'PLAYBACK_KEY_NOT_FOUND') throw error
      this.#known.delete(playbackKeyId)
      this.#refused.set(playbackKeyId, true)
      throw linkEnded(error)
    }
  }
}
