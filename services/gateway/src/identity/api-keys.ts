import { digestOfApiKey, isApiKey } from '@kinora/common/api-key'
import type { CallOptions } from '@kinora/common/bus'
import type { ApiKeyActor } from '@kinora/common/contract'
import { auth, type ResolvedApiKey, type Scope } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { LRUCache } from 'lru-cache'
import type { Rpc } from '../rpc.ts'
import { gatewayCall } from '../rpc.ts'

/** No longer than this is an answer believed that nobody has taken back; auth dates the use of a key by it. */
const GOOD_MS = 60_000
/** Shorter, because an account can be enabled again; long enough against a program that keeps trying. */
const REFUSED_MS = 10_000
/** Each kind has its own room: whoever makes up keys pushes no good one out. */
const MAX_ENTRIES = 10_000
/** Questions to auth at a time, so that made-up keys from everywhere cannot flood it. */
const MAX_LOOKUPS = 100
const LOOKUP_TIMEOUT_MS = 2000

/** What a program may do with its key. */
export interface ApiKeyLimits {
  id: string
  scopes: ReadonlySet<Scope>
  ratePerMinute: number | null
}

/** Who a program acts for, and how far. */
export interface ApiKeyIdentity {
  actor: ApiKeyActor
  /** Milliseconds since the epoch. */
  expiresAt: number
  apiKey: ApiKeyLimits
}

/** Where a key was presented; for auth's audit log. */
export type Origin = Pick<CallOptions, 'requestId' | 'client'>

/**
 * What API keys are worth. Auth is asked once for each key and its answer is kept for a while, under the key's hash; it
 * is dropped as soon as auth says that something about the key or its owner has changed.
 */
export class ApiKeys {
  readonly #rpc: Rpc
  readonly #good = new LRUCache<string, ApiKeyIdentity>({ max: MAX_ENTRIES, ttl: GOOD_MS, perf: Date })
  readonly #refused = new LRUCache<string, AppError>({ max: MAX_ENTRIES, ttl: REFUSED_MS, perf: Date })
  readonly #lookups = new Map<string, Promise<ApiKeyIdentity>>()
  /** How often something was forgotten: what was asked before that may be out of date when it arrives. */
  #generation = 0

  constructor(rpc: Rpc) {
    this.#rpc = rpc
  }

  /**
   * Throws `API_KEY_INVALID`, `_EXPIRED`, `_REVOKED`, `ACCOUNT_DISABLED`, or `DEPENDENCY_UNAVAILABLE`; and what
   * `countLookup` throws, which is called before auth is asked.
   */
  async find(key: string, origin: Origin, countLookup: () => Promise<void>): Promise<ApiKeyIdentity> {
    if (!isApiKey(key)) throw new AppError('API_KEY_INVALID')
    const digest = digestOfApiKey(key)
    const now = Date.now()
    const known = this.#good.get(digest)
    if (known) return stillGood(known, now)
    const refusal = this.#refused.get(digest)
    if (refusal) throw refusal
    return stillGood(await (this.#lookups.get(digest) ?? this.#lookUp(digest, origin, countLookup)), now)
  }

  /** Something about these keys has changed. */
  invalidate(keyIds: readonly string[]): void {
    if (keyIds.length === 0) return
    const changed = [...this.#good.entries()].filter(([, { apiKey }]) => keyIds.includes(apiKey.id))
    for (const [digest] of changed) this.#good.delete(digest)
    this.#invalidateLookups()
  }

  /** Changes may have been missed. */
  invalidateAll(): void {
    this.#good.clear()
    this.#invalidateLookups()
  }

  /** Whoever comes from now on asks anew, and what was asked before is not kept. */
  #invalidateLookups(): void {
    this.#generation++
    this.#lookups.clear()
  }

  #lookUp(digest: string, origin: Origin, countLookup: () => Promise<void>): Promise<ApiKeyIdentity> {
    if (this.#lookups.size >= MAX_LOOKUPS) throw unavailable()
    const lookup = countLookup()
      .then(() => this.#ask(digest, origin))
      .finally(() => {
        if (this.#lookups.get(digest) === lookup) this.#lookups.delete(digest)
      })
    this.#lookups.set(digest, lookup)
    return lookup
  }

  async #ask(digest: string, origin: Origin): Promise<ApiKeyIdentity> {
    const generation = this.#generation
    try {
      const call = { ...gatewayCall(), ...origin, timeoutMs: LOOKUP_TIMEOUT_MS }
      const identity = toIdentity(await this.#rpc(auth.resolveApiKey, { digest }, call))
      if (generation === this.#generation) this.#good.set(digest, identity)
      return identity
    } catch (error) {
      if (!(error instanceof AppError) || error.status >= 500) throw unavailable(error)
      this.#refused.set(digest, error)
      throw error
    }
  }
}

function stillGood(identity: ApiKeyIdentity, now: number): ApiKeyIdentity {
  if (identity.expiresAt <= now) throw new AppError('API_KEY_EXPIRED')
  return identity
}

function toIdentity({ id, userId, role, scopes, ratePerMinute, expiresAt }: ResolvedApiKey): ApiKeyIdentity {
  return {
    actor: { kind: 'user', userId, apiKeyId: id, role },
    apiKey: { id, scopes: new Set(scopes), ratePerMinute },
    expiresAt: expiresAt === null ? Number.POSITIVE_INFINITY : Date.parse(expiresAt),
  }
}

function unavailable(cause?: unknown): AppError {
  return new AppError('DEPENDENCY_UNAVAILABLE', { detail: 'API keys cannot be checked now', retryAfterMs: 1000, cause })
}
