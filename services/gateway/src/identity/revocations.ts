import type { Actor, EventEnvelope } from '@kinora/common/contract'
import { auth, type Revocation, type RevocationReason } from '@kinora/common/contracts'
import type { Logger } from '@kinora/common/service'
import { gatewayCall, type Rpc } from '../rpc.ts'
import type { ApiKeys } from './api-keys.ts'
import { EndListeners } from './end-listeners.ts'
import type { Memberships } from './memberships.ts'

interface Revoked {
  reason: RevocationReason
  /** When this gateway received it, by `performance.now()`. */
  receivedAt: number
  /** Milliseconds since the epoch. All access tokens that it concerns have expired by then. */
  expiresAt: number
}

/** An actor whose credential was checked. */
export interface CheckedActor {
  actor: Actor
  /** When the check began, by `performance.now()`. The check may have missed a revocation that arrived later. */
  checkedAt: number
}

/** Caches that are told of changes. */
interface PushedTo {
  apiKeys: ApiKeys
  memberships: Memberships
}

const RETRY_MS = 500
const SWEEP_MS = 60_000

/**
 * The sessions whose access tokens are refused before they expire, and the API keys and roles in projects that were
 * changed. Auth publishes each
 * revocation as an event. The whole list is fetched when one may have been missed: at the start, after a reconnect, at a
 * gap in the sequence. It holds the revocations of one lifetime of an access token at most.
 */
export class Revocations {
  readonly #rpc: Rpc
  readonly #apiKeys: ApiKeys
  readonly #memberships: Memberships
  readonly #logger: Logger
  readonly #revoked = new Map<string, Revoked>()
  readonly #listeners = new EndListeners<RevocationReason>()
  #sequence = 0
  #loaded = false
  #loading = false
  #stale = false
  #stopped = false

  constructor(rpc: Rpc, { apiKeys, memberships }: PushedTo, logger: Logger) {
    this.#rpc = rpc
    this.#apiKeys = apiKeys
    this.#memberships = memberships
    this.#logger = logger
  }

  /** False until the list was fetched once; before that no access token may be accepted. */
  get loaded(): boolean {
    return this.#loaded
  }

  /** Whether revocations may be missing from the list. */
  get stale(): boolean {
    return this.#stale
  }

  get size(): number {
    return this.#revoked.size
  }

  reasonFor(sessionId: string): RevocationReason | undefined {
    return this.#revoked.get(sessionId)?.reason
  }

  /**
   * Calls `listener` when the actor's session or API key is revoked, at once if that happened since `checkedAt`. Earlier
   * revocations are ignored, because the API keys of an account that was disabled may be valid again. Returns a function
   * that removes the listener.
   */
  onRevoked({ actor, checkedAt }: CheckedActor, listener: (reason: RevocationReason) => void): () => void {
    if (actor.kind !== 'user') return () => {}
    const id = actor.sessionId ?? actor.apiKeyId
    const revoked = this.#revoked.get(id)
    if (revoked && revoked.receivedAt >= checkedAt) listener(revoked.reason)
    return this.#listeners.add(id, listener)
  }

  /**
   * Refuses a session that auth has just ended at the request of a client of this gateway, so that its tokens are refused
   * as soon as that client has the response. The event to all gateways, which arrives at about the same time, has the time
   * until which it must be kept.
   */
  ended(sessionId: string, reason: RevocationReason): void {
    if (this.#revoked.has(sessionId)) return
    this.#revoked.set(sessionId, { reason, receivedAt: performance.now(), expiresAt: Date.now() + SWEEP_MS })
    this.#listeners.notify(sessionId, reason)
  }

  /** Applies an event of auth. Fetches the list if there is a gap before it. */
  receive(envelope: EventEnvelope): void {
    const revocation = envelope.data as Revocation
    this.#add(revocation)
    if (revocation.sequence > this.#sequence + 1) this.reload()
    this.#sequence = Math.max(this.#sequence, revocation.sequence)
  }

  /** Fetches the whole list, every 0.5 s until auth answers. A call during a fetch causes one more. */
  reload(): void {
    this.#stale = true
    this.#apiKeys.invalidateAll()
    this.#memberships.invalidateAll()
    if (this.#loading) return
    this.#loading = true
    void this.#loadUntilFresh().finally(() => {
      this.#loading = false
    })
  }

  /** Removes expired entries once a minute. Returns a function that stops this and the fetches. */
  keepSwept(): () => void {
    const timer = setInterval(() => this.#sweep(Date.now()), SWEEP_MS)
    timer.unref()
    return () => {
      this.#stopped = true
      clearInterval(timer)
    }
  }

  async #loadUntilFresh(): Promise<void> {
    while (this.#stale && !this.#stopped) {
      this.#stale = false
      try {
        await this.#load()
        this.#loaded = true
      } catch (error) {
        this.#stale = true
        this.#logger.warn({ err: error }, 'failed to fetch the list of revocations')
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref())
      }
    }
  }

  /** Fetches from the beginning: after the highest known sequence number, one that is lower may have been committed. */
  async #load(): Promise<void> {
    for (let after = 0, more = true; more; ) {
      const page = await this.#rpc(auth.listRevocations, { after }, gatewayCall())
      for (const revocation of page.items) this.#add(revocation)
      const last = page.items.at(-1)?.sequence ?? after
      more = page.more && last > after
      after = last
      if (!more) this.#sequence = Math.max(this.#sequence, page.sequence)
    }
  }

  #add({ sessionIds, apiKeyIds, accountIds, reason, expiresAt }: Revocation): void {
    this.#apiKeys.invalidate(apiKeyIds)
    this.#apiKeys.invalidateOwners(accountIds)
    this.#memberships.invalidate(accountIds)
    const revoked = { reason, receivedAt: performance.now(), expiresAt: Date.parse(expiresAt) }
    for (const id of [...sessionIds, ...apiKeyIds]) {
      this.#revoked.set(id, revoked)
      this.#listeners.notify(id, reason)
    }
  }

  #sweep(now: number): void {
    for (const [id, { expiresAt }] of this.#revoked) if (expiresAt <= now) this.#revoked.delete(id)
  }
}
