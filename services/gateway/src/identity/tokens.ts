import { hash } from 'node:crypto'
import type { SessionActor } from '@kinora/common/contract'
import { AppError } from '@kinora/common/errors'
import jwt from 'jsonwebtoken'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import type { KeySet } from './key-set.ts'

/** What an access token says, after its signature was checked. */
export interface TokenFacts {
  actor: SessionActor
  /** Milliseconds since the epoch. */
  expiresAt: number
  kid: string
}

/** RFC 9068 section 2.2; only what is used here. */
const Claims = z.object({
  sub: z.uuid(),
  sid: z.uuid(),
  role: z.enum(['user', 'admin']),
  exp: z.number(),
})

/** Larger than any token that auth makes; longer ones are not worth a hash. */
const MAX_CHARACTERS = 4096
const CACHE_SIZE = 10_000

/**
 * Verifies access tokens with auth's public keys, without asking anybody. A check of an ES256 signature costs about
 * 100 µs, so its result is kept by the token's hash; expiry and the key's being in use are checked each time, and
 * revocation is the caller's to check.
 */
export class AccessTokens {
  readonly #keys: KeySet
  readonly #expected: { issuer: string; audience: string }
  readonly #verified = new LRUCache<string, TokenFacts>({ max: CACHE_SIZE })

  constructor(keys: KeySet, expected: { issuer: string; audience: string }) {
    this.#keys = keys
    this.#expected = expected
  }

  /** Throws `TOKEN_INVALID`, `TOKEN_EXPIRED`, `KEY_RETIRED`, or `DEPENDENCY_UNAVAILABLE` where the keys cannot be had. */
  async verify(token: string): Promise<TokenFacts> {
    if (token.length > MAX_CHARACTERS) throw new AppError('TOKEN_INVALID')
    const id = hash('sha256', token, 'base64')
    const known = this.#verified.get(id)
    if (known && this.#keys.has(known.kid)) {
      if (known.expiresAt > Date.now()) return known
      this.#verified.delete(id)
      throw new AppError('TOKEN_EXPIRED')
    }
    const facts = await this.#check(token)
    this.#verified.set(id, facts)
    return facts
  }

  async #check(token: string): Promise<TokenFacts> {
    const kid = jwt.decode(token, { complete: true })?.header.kid
    if (typeof kid !== 'string') throw new AppError('TOKEN_INVALID')
    const key = await this.#keys.find(kid)
    if (!key) throw new AppError('TOKEN_INVALID')
    try {
      const { header, payload } = jwt.verify(token, key, { algorithms: ['ES256'], complete: true, ...this.#expected })
      if (header.typ !== 'at+jwt') throw new AppError('TOKEN_INVALID')
      const { sub, sid, role, exp } = Claims.parse(payload)
      return { actor: { kind: 'user', userId: sub, sessionId: sid, role }, expiresAt: exp * 1000, kid }
    } catch (error) {
      throw new AppError(error instanceof jwt.TokenExpiredError ? 'TOKEN_EXPIRED' : 'TOKEN_INVALID', { cause: error })
    }
  }
}

/**
 * What all refresh tokens of one session have in common: they begin with a version byte and the session's id, and change
 * after that. 22 characters of base64url hold 16 bytes.
 */
export function sessionPart(refreshToken: string): string {
  return refreshToken.slice(0, 22)
}
