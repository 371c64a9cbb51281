import { createPublicKey, type KeyObject } from 'node:crypto'
import { auth, type Jwk, type KeyDocument } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { gatewayCall, type Rpc } from '../rpc.ts'
import { EndListeners } from './end-listeners.ts'

/** Minimum time between fetches, so that invented key ids do not cause a call to auth each. */
const MIN_FETCH_INTERVAL_MS = 5000
const REFRESH_MS = 60_000
const RETRY_MS = 1000

type KeyMap = Map<string, { jwk: Jwk; key: KeyObject }>

/**
 * The public keys that verify access tokens. They are fetched at the start, when auth publishes that they have changed,
 * after a gap in its events, when a token names an unknown key, and every minute to drop old ones. Known keys stay valid
 * while auth is unavailable. A retired key stays retired, even if a delayed response still lists it.
 */
export class KeySet {
  readonly #rpc: Rpc
  readonly #listeners = new EndListeners()
  #keys: KeyMap = new Map()
  /** Retired keys, by id: when the last token that they signed expires (epoch ms). After that the key is merely unknown. */
  readonly #retired = new Map<string, number>()
  #fetchedAt = Number.NEGATIVE_INFINITY
  #fetching: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  constructor(rpc: Rpc) {
    this.#rpc = rpc
  }

  /** The keys for `/.well-known/jwks.json` (RFC 7517). Throws only if there are none and they cannot be fetched. */
  async list(): Promise<Jwk[]> {
    if (performance.now() - this.#fetchedAt > MIN_FETCH_INTERVAL_MS) {
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
   * The key with this id; undefined if auth does not have it. Throws `KEY_RETIRED`, and `DEPENDENCY_UNAVAILABLE` if the
   * keys cannot be fetched.
   */
  async find(kid: string): Promise<KeyObject | undefined> {
    const known = this.#known(kid)
    if (known || performance.now() - this.#fetchedAt < MIN_FETCH_INTERVAL_MS) return known
    await this.#fetch().catch((error: unknown) => {
      throw new AppError('DEPENDENCY_UNAVAILABLE', { detail: 'Access tokens cannot be verified now', cause: error })
    })
    return this.#known(kid)
  }

  /** Calls `listener` when the key is retired, at once if it already is. Returns a function that removes the listener. */
  onRetired(kid: string, listener: () => void): () => void {
    if (this.#retired.has(kid)) listener()
    return this.#listeners.add(kid, listener)
  }

  /** Fetches the keys because they have changed or may have: every second until auth answers, then every minute. */
  reload(): void {
    clearTimeout(this.#timer)
    // A fetch that is under way may return the state before the gap.
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

  /** All callers share one fetch. */
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
      const isNew = !this.#retired.has(kid)
      this.#retired.set(kid, Date.parse(expiresAt))
      this.#keys.delete(kid)
      if (isNew) this.#listeners.notify(kid)
    }
  }
}
