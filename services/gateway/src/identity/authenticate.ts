import { API_KEY_START } from '@kinora/common/api-key'
import { signedOut } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { ApiKeyLimits, ApiKeys, Origin } from './api-keys.ts'
import type { CheckedActor, Revocations } from './revocations.ts'
import type { AccessTokens } from './tokens.ts'

/** The caller of a request, the limits of its credential, and what ends them. */
export interface Identity extends CheckedActor {
  /** When the access token or the API key expires, in milliseconds since the epoch; `Infinity` for anonymous callers. */
  expiresAt: number
  /** Id of the key that signed the access token; null without one. */
  kid: string | null
  /** True where the caller's roles in projects could not be looked up: what is not found may be hidden. */
  rolesUnknown?: true
  /** Limits of the API key; undefined for other callers, whose role alone limits them. */
  apiKey?: ApiKeyLimits
}

/** `countLookup` is called before an API key is looked up in auth, and may throw to refuse that. */
export type Authenticate = (
  authorization: string | undefined,
  origin: Origin,
  countLookup: () => Promise<void>,
) => Promise<Identity>

const ANONYMOUS = { actor: { kind: 'anonymous' }, expiresAt: Number.POSITIVE_INFINITY, kid: null } as const

/**
 * Returns a function that turns an `Authorization` header into an identity: anonymous without a header. It throws
 * `TOKEN_INVALID` for a malformed header, the errors of `AccessTokens.verify` and `ApiKeys.find`, the reason of a
 * revocation, and `DEPENDENCY_UNAVAILABLE` while the list of revocations is not loaded.
 */
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
    // Without the list a revoked token would be accepted, just because auth is unavailable.
    if (!revocations.loaded)
      throw new AppError('DEPENDENCY_UNAVAILABLE', { detail: 'Access tokens cannot be verified now' })
    const reason = revocations.reasonFor(actor.sessionId)
    if (reason) throw signedOut(reason, 'access')
    return { actor, expiresAt, checkedAt, kid }
  }
}
