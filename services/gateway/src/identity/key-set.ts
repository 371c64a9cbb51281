import { createPublicKey, type KeyObject } from 'node:crypto'
import type { EventEnvelope } from '@kinora/common/contract'
import { auth, type Jwk, type KeyDocument } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Rpc } from '../rpc.ts'
import { gatewayCall } from '../rpc.ts'
import { EndListeners } from './end-listeners.ts'

/** An attacker who makes up key ids must not make us ask auth for each of them. */
const FLOOR_MS = 5000
const REFRESH_MS = 60_000
const RETRY_MS = 1000

type KeyMap = Map<string, { jwk: Jwk; key: KeyObject }>

/**
 * The public keys that access tokens are signed with. Auth says when they change; they are fetched at the start, after
 * a gap in what auth says, when a token names a key that is not known, and now and then to forget old ones. While auth
 * is away those that are known stay good. A key that was retired stays so, whatever an answer that is late may say.
 */
export class KeySet {
  readonly #rpc: Rpc
  readonly #listeners = new EndListeners()
  #keys: KeyMap = new Map()
  /** When the last token of a retired key expires, after which the key is merely unknown. */
  readonly #retired = new Map<string, number>()
  #fetchedAt = Number.NEGATIVE_INFINITY
  #fetching: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  constructor(rpc: Rpc) {
    this.#rpc = rpc
  }

  /** For `/.well-known/jwks.json` (RFC 7517). */
  async list(): Promise<Jwk[]> {
    if (performance.now() - this.#fetchedAt > FLOOR_MS) {
      await this.#fetch().catch((error: unknown) => {
        if (this.#keys.size === 0) throw error
      })
    }
    return [...this.#keys.values()].map(({ jwk }) => jwk)
  }

  has(kid: string): boolean {
    return this.#keys.has(kid)
  }

  /**
   * Undefined when auth has no such key; throws `KEY_RETIRED` for one that was retired, and `DEPENDENCY_UNAVAILABLE`
   * when that cannot be found out.
   */
  async find(kid: string): Promise<KeyObject | undefined> {
    const known = this.#known(kid)
    if (known || performance.now() - this.#fetchedAt < FLOOR_MS) return known
    await this.#fetch().catch((error: unknown) => {
      throw new AppError('DEPENDENCY_UNAVAILABLE', { detail: 'Tokens cannot be checked now', cause: error })
    })
    return this.#known(kid)
  }

  /** Calls `listener` when the key is retired, at once where it is already; returns how to stop listening. */
  onRetired(kid: string, listener: () => void): () => void {
    if (this.#retired.has(kid)) listener()
    return this.#listeners.add(kid, listener)
  }

  /** Takes what auth has said. Only adds: what is gone is noticed at the next fetch, so the order does not matter. */
  receive(envelope: EventEnvelope): void {
    const { keys, retired } = envelope.data as KeyDocument
    this.#retire(retired)
    for (const jwk of keys) this.#add(this.#keys, jwk)
  }

  /** Changes may have been missed. Fetches again and again until auth answers, then every minute. */
  reload(): void {
    clearTimeout(this.#timer)
    // What is on its way may have been said before the gap.
    void (this.#fetching ?? Promise.resolve())
      .then(() => this.#fetch())
      .then(
        () => this.#reloadIn(REFRESH_MS),
        () => this.#reloadIn(RETRY_MS),
      )
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  #reloadIn(ms: number): void {
    clearTimeout(this.#timer)
    if (!this.#stopped) this.#timer = setTimeout(() => this.reload(), ms).unref()
  }

  #known(kid: string): KeyObject | undefined {
    if (this.#retired.has(kid)) throw new AppError('KEY_RETIRED')
    return this.#keys.get(kid)?.key
  }

  /** One fetch at a time, however many tokens wait for it. */
  #fetch(): Promise<void> {
    this.#fetching ??= this.#load().finally(() => {
      this.#fetching = undefined
    })
    return this.#fetching
  }

  async #load(): Promise<void> {
    const { keys, retired } = await this.#rpc(auth.getJwks, {}, gatewayCall())
    const now = Date.now()
    for (const [kid, expiresAt] of this.#retired) if (expiresAt <= now) this.#retired.delete(kid)
    const fetched: KeyMap = new Map()
    for (const jwk of keys) this.#add(fetched, jwk)
    this.#keys = fetched
    this.#retire(retired)
    this.#fetchedAt = performance.now()
  }

  #add(keys: KeyMap, jwk: Jwk): void {
    if (this.#retired.has(jwk.kid)) return
    const key = this.#keys.get(jwk.kid)?.key ?? createPublicKey({ key: { ...jwk }, format: 'jwk' })
    keys.set(jwk.kid, { jwk, key })
  }

  #retire(retired: KeyDocument['retired']): void {
    for (const { kid, expiresAt } of retired) {
      const isNews = !this.#retired.has(kid)
      this.#retired.set(kid, Date.parse(expiresAt))
      this.#keys.delete(kid)
      if (isNews) this.#listeners.tell(kid)
    }
  }
}
