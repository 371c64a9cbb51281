import { hash } from 'node:crypto'
import type { SessionActor } from '@kinora/common/contract'
import { Role } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import jwt from 'jsonwebtoken'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import type { KeySet } from './key-set.ts'

/** The claims of an access token whose signature was verified. */
export interface AccessClaims {
  actor: SessionActor
  /** Milliseconds since the epoch. */
  expiresAt: number
  kid: string
}

/** Claims of RFC 9068 section 2.2 that the gateway uses. */
const Claims = z.object({
  sub: z.uuid(),
  sid: z.uuid(),
  role: Role,
  exp: z.number(),
})

/** Longer than any token that auth issues. Longer input is refused before it is hashed. */
const MAX_CHARACTERS = 4096
const CACHE_SIZE = 10_000

/**
 * Verifies access tokens with auth's public keys, without a call to auth. Verifying an ES256 signature takes about
 * 100 µs, so results are cached by the hash of the token. Expiry and the state of the signing key are checked every time;
 * revocation must be checked by the caller.
 */
export class AccessTokens {
  readonly #keys: KeySet
  readonly #expected: { issuer: string; audience: string }
  readonly #verified = new LRUCache<string, AccessClaims>({ max: CACHE_SIZE })

  constructor(keys: KeySet, expected: { issuer: string; audience: string }) {
    this.#keys = keys
    this.#expected = expected
  }

  /** Throws `TOKEN_INVALID`, `TOKEN_EXPIRED`, `KEY_RETIRED`, or `DEPENDENCY_UNAVAILABLE` if the keys cannot be fetched. */
  async verify(token: string): Promise<AccessClaims> {
    if (token.length > MAX_CHARACTERS) throw new AppError('TOKEN_INVALID')
    const id = hash('sha256', token, 'base64')
    const known = this.#verified.get(id)
    if (known && this.#keys.has(known.kid)) {
      if (known.expiresAt > Date.now()) return known
      this.#verified.delete(id)
      throw new AppError('TOKEN_EXPIRED')
    }
    const claims = await this.#check(token)
    this.#verified.set(id, claims)
    return claims
  }

  async #check(token: string): Promise<AccessClaims> {
    const kid = keyIdOf(token)
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

/** The key id in the header; undefined where the token cannot be decoded. */
function keyIdOf(token: string): unknown {
  try {
    return jwt.decode(token, { complete: true })?.header.kid
  } catch {
    // The payload of a token of type JWT is parsed, too.
    return undefined
  }
}

/**
 * The first 22 characters of a refresh token, which are the same for all tokens of a session. In base64url they hold the
 * version byte and all but the last four bits of the session's id.
 */
export function sessionPart(refreshToken: string): string {
  return refreshToken.slice(0, 22)
}
