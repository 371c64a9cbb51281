import { randomUUID } from 'node:crypto'
import { Scope } from '@kinora/common/contracts'
import jwt from 'jsonwebtoken'
import type { SessionRow, UserRow } from '../db/schema.ts'
import type { KeyRing } from './key-ring.ts'

export interface AccessTokenPolicy {
  issuer: string
  audience: string
  lifetimeSeconds: number
}

export interface AccessToken {
  token: string
  /** Seconds. */
  expiresIn: number
  expiresAt: Date
}

export type IssueAccessToken = (
  session: Pick<SessionRow, 'id' | 'amr' | 'created_at' | 'expires_at'>,
  user: Pick<UserRow, 'id' | 'role'>,
  now: Date,
) => AccessToken

/** Scopes of a session by role. Unlike an API key, a session has all that its role allows. */
const SCOPES: Record<UserRow['role'], string> = {
  user: Scope.exclude(['admin']).options.join(' '),
  support: Scope.exclude(['admin']).options.join(' '),
  admin: Scope.options.join(' '),
}

/** Issues access tokens (RFC 9068), which never outlive their session. */
export function accessTokenIssuer(keys: KeyRing, policy: AccessTokenPolicy): IssueAccessToken {
  return (session, user, now) => {
    const iat = seconds(now)
    const exp = Math.min(iat + policy.lifetimeSeconds, seconds(session.expires_at))
    const claims = {
      iss: policy.issuer,
      aud: policy.audience,
      sub: user.id,
      sid: session.id,
      jti: randomUUID(),
      iat,
      exp,
      auth_time: seconds(session.created_at),
      amr: session.amr,
      role: user.role,
      scope: SCOPES[user.role],
    }
    const { kid, privateKey } = keys.current
    const header = { alg: 'ES256', typ: 'at+jwt', kid } as const
    const token = jwt.sign(claims, privateKey, { algorithm: 'ES256', header })
    return { token, expiresIn: exp - iat, expiresAt: new Date(exp * 1000) }
  }
}

function seconds(time: Date): number {
  return Math.floor(time.getTime() / 1000)
}
