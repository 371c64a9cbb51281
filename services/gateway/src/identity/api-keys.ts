import { digestOfApiKey, isApiKey } from '@kinora/common/api-key'
import type { CallOptions } from '@kinora/common/bus'
import type { ApiKeyActor } from '@kinora/common/contract'
import { auth, type ResolvedApiKey, type Scope } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { LRUCache } from 'lru-cache'
import type { Rpc } from '../rpc.ts'
import { gatewayCall } from '../rpc.ts'

/** Maximum age of a cached key that was not invalidated. Auth sees the use of a key at this resolution. */
const GOOD_MS = 60_000
/** Shorter, because an account can be enabled again; long enough against a program that retries in a loop. */
const REFUSED_MS = 10_000
/** Per cache. Valid and refused keys have separate caches, so that invented keys cannot evict valid ones. */
const MAX_ENTRIES = 10_000
/** Concurrent lookups in auth, so that invented keys from many addresses cannot overload it. */
const MAX_LOOKUPS = 100
const LOOKUP_TIMEOUT_MS = 2000

/** What an API key permits: its scopes, and requests a minute (null: only the general limit). */
export interface ApiKeyLimits {
  id: string
  scopes: ReadonlySet<Scope>
  ratePerMinute: number | null
}

/** The account that an API key acts for, and the limits of the key. */
export interface ApiKeyIdentity {
  actor: ApiKeyActor
  /** Milliseconds since the epoch. */
  expiresAt: number
  apiKey: ApiKeyLimits
}

/** The request that presented a key, for auth's audit log. */
export type Origin = Pick<CallOptions, 'requestId' | 'client'>

/**
 * Resolves API keys to identities. Each key is looked up in auth once and the result cached by the hash of the key: a refusal
 * for 10 s, an identity for 60 s at most, until auth reports a change of the key or its owner.
 */
export class ApiKeys {
  readonly #rpc: Rpc
  readonly #good = new LRUCache<string, ApiKeyIdentity>({ max: MAX_ENTRIES, ttl: GOOD_MS, perf: Date })
  readonly #refused = new LRUCache<string, AppError>({ max: MAX_ENTRIES, ttl: REFUSED_MS, perf: Date })
  readonly #lookups = new Map<string, Promise<ApiKeyIdentity>>()
  /** Number of invalidations. An identity from a lookup that began before the last one may be outdated and is not cached. */
  #generation = 0

  constructor(rpc: Rpc) {
    this.#rpc = rpc
  }

  /**
   * Throws `API_KEY_INVALID`, `_EXPIRED`, `_REVOKED`, `ACCOUNT_DISABLED` or `DEPENDENCY_UNAVAILABLE`, and what
   * `countLookup` throws. `countLookup` is called before each lookup in auth.
   */
  async find(key: string, origin: Origin, countLookup: () => Promise<void>): Promise<ApiKeyIdentity> {
    if (!isApiKey(key)) throw new AppError('API_KEY_INVALID')
    const digest = digestOfApiKey(key)
    const now = Date.now()
    const known = this.#good.get(digest)
    if (known) return assertNotExpired(known, now)
    const refusal = this.#refused.get(digest)
    if (refusal) throw refusal
    return assertNotExpired(await (this.#lookups.get(digest) ?? this.#lookUp(digest, origin, countLookup)), now)
  }

  /** Evicts these keys, because they or their owners have changed. */
  invalidate(keyIds: readonly string[]): void {
    if (keyIds.length === 0) return
    const changed = [...this.#good.entries()].filter(([, { apiKey }]) => keyIds.includes(apiKey.id))
    for (const [digest] of changed) this.#good.delete(digest)
    this.#invalidateLookups()
  }

  /** Evicts all keys of these accounts, because their roles in projects have changed. */
  invalidateOwners(userIds: readonly string[]): void {
    if (userIds.length === 0) return
    const changed = [...this.#good.entries()].filter(([, { actor }]) => userIds.includes(actor.userId))
    for (const [digest] of changed) this.#good.delete(digest)
    this.#invalidateLookups()
  }

  /** Evicts all valid keys, because changes may have been missed. */
  invalidateAll(): void {
    this.#good.clear()
    this.#invalidateLookups()
  }

  /** Later requests start a new lookup, and identities from the present ones are not cached. */
  #invalidateLookups(): void {
    this.#generation++
    this.#lookups.clear()
  }

  #lookUp(digest: string, origin: Origin, countLookup: () => Promise<void>): Promise<ApiKeyIdentity> {
    if (this.#lookups.size >= MAX_LOOKUPS) throw unavailable()
    const lookup = countLookup()
      .then(() => this.#fetch(digest, origin))
      .finally(() => {
        if (this.#lookups.get(digest) === lookup) this.#lookups.delete(digest)
      })
    this.#lookups.set(digest, lookup)
    return lookup
  }

  async #fetch(digest: string, origin: Origin): Promise<ApiKeyIdentity> {
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

function assertNotExpired(identity: ApiKeyIdentity, now: number): ApiKeyIdentity {
  if (identity.expiresAt <= now) throw new AppError('API_KEY_EXPIRED')
  return identity
}

function toIdentity(resolved: ResolvedApiKey): ApiKeyIdentity {
  const { id, userId, role, scopes, ratePerMinute, expiresAt, projectId, projectRole } = resolved
  return {
    actor: { kind: 'user', userId, apiKeyId: id, role, project: { id: projectId, role: projectRole } },
    apiKey: { id, scopes: new Set(scopes), ratePerMinute },
    expiresAt: expiresAt === null ? Number.POSITIVE_INFINITY : Date.parse(expiresAt),
  }
}

function unavailable(cause?: unknown): AppError {
  return new AppError('DEPENDENCY_UNAVAILABLE', {
    detail: 'API keys cannot be verified now',
    retryAfterMs: 1000,
    cause,
  })
}
