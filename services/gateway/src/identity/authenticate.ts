import type { Actor } from '@kinora/common/contract'
import { signedOut } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { AccessTokens } from './access-token.ts'
import type { Revocations } from './revocations.ts'

/** Who asks, and what ends it: the expiry of the access token, or the retirement of the key that has signed it. */
export interface Identity {
  actor: Actor
  expiresAt: number
  kid: string | null
}

export type Authenticate = (authorization: string | undefined) => Promise<Identity>

const ANONYMOUS: Identity = { actor: { kind: 'anonymous' }, expiresAt: Number.POSITIVE_INFINITY, kid: null }

/** Turns an `Authorization` header into who is asking; no header is nobody, a bad one is refused. */
export function authenticator(tokens: AccessTokens, revocations: Revocations): Authenticate {
  return async (authorization) => {
    if (authorization === undefined) return ANONYMOUS
    const token = /^Bearer +([\w.~+/-]+=*) *$/i.exec(authorization)?.[1]
    if (token === undefined) throw new AppError('TOKEN_INVALID')
    const { actor, expiresAt, kid } = await tokens.verify(token)
    // Without the list a revoked token would pass; that must not be possible just because auth is away.
    if (!revocations.loaded) throw new AppError('DEPENDENCY_UNAVAILABLE', { detail: 'Tokens cannot be checked now' })
    const reason = revocations.reasonFor(actor.sessionId)
    if (reason) throw signedOut(reason, 'access')
    return { actor, expiresAt, kid }
  }
}
