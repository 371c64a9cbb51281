import type { Actor, EventEnvelope } from '@kinora/common/contract'
import { auth, type Revocation, type RevocationReason } from '@kinora/common/contracts'
import type { Logger } from '@kinora/common/service'
import type { Rpc } from '../rpc.ts'
import { gatewayCall } from '../rpc.ts'
import type { ApiKeys } from './api-keys.ts'
import { EndListeners } from './end-listeners.ts'

interface Revoked {
  reason: RevocationReason
  /** When it was heard of, by `performance.now()`. */
  heardAt: number
  /** Milliseconds since the epoch; nothing that was let in before is at work after this. */
  expiresAt: number
}

/** An actor whose credential was checked. */
export interface CheckedActor {
  actor: Actor
  /** When the check began, by `performance.now()`. The check may have missed a revocation that arrived later. */
  checkedAt: number
}

const RETRY_MS = 500
const SWEEP_MS = 60_000

/**
 * The sessions whose access tokens are refused although they have not expired, and the API keys that have changed.
 * Auth pushes each revocation; where one may have been missed (at the start, after a reconnect, at a hole in the
 * sequence) the whole list is fetched again. It is never longer than the revocations of one access token's life time.
 */
export class Revocations {
  readonly #rpc: Rpc
  readonly #apiKeys: ApiKeys
  readonly #logger: Logger
  readonly #revoked = new Map<string, Revoked>()
  readonly #listeners = new EndListeners<RevocationReason>()
  #sequence = 0
  #loaded = false
  #loading = false
  #stale = false
  #stopped = false

  constructor(rpc: Rpc, apiKeys: ApiKeys, logger: Logger) {
    this.#rpc = rpc
    this.#apiKeys = apiKeys
    this.#logger = logger
  }

  /** False until the list was fetched once: before that no token may be believed. */
  get loaded(): boolean {
    return this.#loaded
  }

  /** May revocations be missing that auth knows of? */
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
   * Calls `listener` when what the actor came with is revoked, at once where that was heard of since it was checked;
   * returns how to stop listening. What was heard before says nothing: a disabled account's keys may work again.
   */
  onRevoked({ actor, checkedAt }: CheckedActor, listener: (reason: RevocationReason) => void): () => void {
    if (actor.kind !== 'user') return () => {}
    const id = actor.sessionId ?? actor.apiKeyId
    const revoked = this.#revoked.get(id)
    if (revoked && revoked.heardAt >= checkedAt) listener(revoked.reason)
    return this.#listeners.add(id, listener)
  }

  /**
   * Auth has ended this session for a caller of ours, who must not get through here from the answer on. What is pushed to all
   * gateways comes about the same time, and says until when it must be remembered.
   */
  ended(sessionId: string, reason: RevocationReason): void {
    if (this.#revoked.has(sessionId)) return
    this.#revoked.set(sessionId, { reason, heardAt: performance.now(), expiresAt: Date.now() + SWEEP_MS })
    this.#listeners.tell(sessionId, reason)
  }

  /** Takes what auth has pushed. */
  receive(envelope: EventEnvelope): void {
    const revocation = envelope.data as Revocation
    this.#add(revocation)
    if (revocation.sequence > this.#sequence + 1) this.reload()
    this.#sequence = Math.max(this.#sequence, revocation.sequence)
  }

  /** Fetches the whole list, again and again until auth answers. A call while one is under way makes it run once more. */
  reload(): void {
    this.#stale = true
    this.#apiKeys.invalidateAll()
    if (this.#loading) return
    this.#loading = true
    void this.#loadUntilFresh().finally(() => {
      this.#loading = false
    })
  }

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
        this.#logger.warn({ err: error }, 'the list of revocations could not be fetched')
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref())
      }
    }
  }

  /** From the beginning, not from the last known number: a transaction with a lower one may have committed later. */
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

  #add({ sessionIds, apiKeyIds, reason, expiresAt }: Revocation): void {
    this.#apiKeys.invalidate(apiKeyIds)
    const revoked = { reason, heardAt: performance.now(), expiresAt: Date.parse(expiresAt) }
    for (const id of [...sessionIds, ...apiKeyIds]) {
      this.#revoked.set(id, revoked)
      this.#listeners.tell(id, reason)
    }
  }

  #sweep(now: number): void {
    for (const [id, { expiresAt }] of this.#revoked) if (expiresAt <= now) this.#revoked.delete(id)
  }
}
