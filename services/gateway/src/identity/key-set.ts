import { createPublicKey, type KeyObject } from 'node:crypto'
import { auth, type Jwk } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { gatewayCall } from '../gateway-call.ts'
import type { Rpc } from '../rpc.ts'

/** An attacker who makes up key ids must not make us ask auth for each of them. */
const FLOOR_MS = 5000
const REFRESH_MS = 60_000

/**
 * The public keys that access tokens are signed with. Fetched from auth, again when a token names a key that is not
 * known, and now and then to forget retired ones; while auth is away those that are known stay good.
 */
export class KeySet {
  readonly #rpc: Rpc
  #jwks: Jwk[] = []
  #keys = new Map<string, KeyObject>()
  #fetchedAt = Number.NEGATIVE_INFINITY
  #fetching: Promise<void> | undefined

  constructor(rpc: Rpc) {
    this.#rpc = rpc
  }

  /** For `/.well-known/jwks.json` (RFC 7517). */
  async list(): Promise<Jwk[]> {
    if (performance.now() - this.#fetchedAt > FLOOR_MS) {
      await this.#fetch().catch((error: unknown) => {
        if (this.#jwks.length === 0) throw error
      })
    }
    return this.#jwks
  }

  has(kid: string): boolean {
    return this.#keys.has(kid)
  }

  /** Undefined when auth has no such key; throws `DEPENDENCY_UNAVAILABLE` when that cannot be found out. */
  async find(kid: string): Promise<KeyObject | undefined> {
    const known = this.#keys.get(kid)
    if (known) return known
    if (performance.now() - this.#fetchedAt < FLOOR_MS) return undefined
    await this.#fetch().catch((error: unknown) => {
      throw new AppError('DEPENDENCY_UNAVAILABLE', { detail: 'Tokens cannot be checked now', cause: error })
    })
    return this.#keys.get(kid)
  }

  /** Keeps the set fresh; returns how to stop. */
  keepFresh(): () => void {
    const refresh = () => void this.#fetch().catch(() => {})
    refresh()
    const timer = setInterval(refresh, REFRESH_MS)
    timer.unref()
    return () => clearInterval(timer)
  }

  /** One fetch at a time, however many tokens wait for it. */
  #fetch(): Promise<void> {
    this.#fetching ??= this.#load().finally(() => {
      this.#fetching = undefined
    })
    return this.#fetching
  }

  async #load(): Promise<void> {
    const { keys } = await this.#rpc(auth.getJwks, {}, gatewayCall())
    this.#keys = new Map(keys.map((jwk) => [jwk.kid, createPublicKey({ key: { ...jwk }, format: 'jwk' })]))
    this.#jwks = keys
    this.#fetchedAt = performance.now()
  }
}
