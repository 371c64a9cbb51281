import type { Actor, ProjectRole } from '@kinora/common/contract'
import { auth } from '@kinora/common/contracts'
import { LRUCache } from 'lru-cache'
import { gatewayCall, type Rpc } from '../rpc.ts'
import { EndListeners } from './end-listeners.ts'

/** The role of an account in each project but its personal one. */
export type Roles = Readonly<Record<string, ProjectRole>>

/** Roles older than this are looked up again, but remain valid while auth does not answer: changes are pushed. */
const FRESH_MS = 60_000
const MAX_ENTRIES = 10_000
const LOOKUP_TIMEOUT_MS = 2000

interface Known {
  roles: Roles
  /** By `performance.now()`. */
  askedAt: number
}

/**
 * The roles of accounts in projects. Those of an account are looked up in auth once and cached until auth reports a change of
 * them, which it does as it revokes API keys.
 */
export class Memberships {
  readonly #rpc: Rpc
  readonly #known = new LRUCache<string, Known>({ max: MAX_ENTRIES })
  readonly #lookups = new Map<string, Promise<Roles>>()
  readonly #listeners = new EndListeners()
  /** Number of invalidations. Roles from a lookup that began before the last one may be outdated and are not cached. */
  #generation = 0

  constructor(rpc: Rpc) {
    this.#rpc = rpc
  }

  /** Undefined when auth does not answer and the roles are not known. */
  async find(userId: string): Promise<Roles | undefined> {
    const known = this.#known.get(userId)
    if (known && performance.now() - known.askedAt < FRESH_MS) return known.roles
    return await (this.#lookups.get(userId) ?? this.#lookUp(userId)).catch(() => this.#known.get(userId)?.roles)
  }

  /** Calls `listener` whenever the roles of the actor's account may have changed. Returns a function that removes it. */
  onChanged(actor: Actor, listener: () => void): () => void {
    return actor.kind === 'user' ? this.#listeners.add(actor.userId, listener) : () => {}
  }

  invalidate(userIds: readonly string[]): void {
    if (userIds.length === 0) return
    for (const userId of userIds) this.#known.delete(userId)
    this.#invalidateLookups()
    for (const userId of userIds) this.#listeners.notify(userId)
  }

  /** Evicts all roles, because changes may have been missed. */
  invalidateAll(): void {
    this.#known.clear()
    this.#invalidateLookups()
    this.#listeners.notifyAll()
  }

  #invalidateLookups(): void {
    this.#generation++
    this.#lookups.clear()
  }

  #lookUp(userId: string): Promise<Roles> {
    const generation = this.#generation
    const askedAt = performance.now()
    const lookup = this.#rpc(auth.listMemberships, { userId }, { ...gatewayCall(), timeoutMs: LOOKUP_TIMEOUT_MS })
      .then(({ projects }) => {
        if (generation === this.#generation) this.#known.set(userId, { roles: projects, askedAt })
        return projects
      })
      .finally(() => {
        if (this.#lookups.get(userId) === lookup) this.#lookups.delete(userId)
      })
    this.#lookups.set(userId, lookup)
    return lookup
  }
}
