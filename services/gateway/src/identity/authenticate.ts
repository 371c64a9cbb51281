import { API_KEY_START } from '@kinora/common/api-key'
import { signedOut } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { ApiKeyLimits, ApiKeys, Origin } from './api-keys.ts'
import type { CheckedActor, Revocations } from './revocations.ts'
import type { AccessTokens } from './tokens.ts'

/** Who asks, how far they may go, and what ends it: the expiry of the credential, or the retirement of the key that signed it. */
export interface Identity extends CheckedActor {
  /** When the access token or the API key expires. */
  expiresAt: number
  /** Of an access token's signature. */
  kid: string | null
  /** The limits of an API key; nobody else has any but those of their role. */
  apiKey?: ApiKeyLimits
}

/** `countLookup` is called, and may refuse, before auth is asked about an API key. */
export type Authenticate = (
  authorization: string | undefined,
  origin: Origin,
  countLookup: () => Promise<void>,
) => Promise<Identity>

const ANONYMOUS = { actor: { kind: 'anonymous' }, expiresAt: Number.POSITIVE_INFINITY, kid: null } as const

/** Turns an `Authorization` header into who is asking; no header is nobody, a bad one is refused. */
export function authenticator(tokens: AccessTokens, apiKeys: ApiKeys, revocations: Revocations): Authenticate {
  return async (authorization, origin, countLookup) => {
    const checkedAt = performance.now()
    if (authorization === undefined) return { ...ANONYMOUS, checkedAt }
    const token = /^Bearer +([\w.~+/-]+=*) *$/i.exec(authorization)?.[1]
    if (token === undefined) throw new AppError('TOKEN_INVALID')
    if (token.startsWith(API_KEY_START)) {
      return { ...(await apiKeys.find(token, origin, countLookup)), checkedAt, kid: null }
    }
    const { actor, expiresAt, kid } = await tokens.verify(token)
    // Without the list a revoked token would pass; that must not be possible just because auth is away.
    if (!revocations.loaded) throw new AppError('DEPENDENCY_UNAVAILABLE', { detail: 'Tokens cannot be checked now' })
    const reason = revocations.reasonFor(actor.sessionId)
    if (reason) throw signedOut(reason, 'access')
    return { actor, expiresAt, checkedAt, kid }
  }
}
