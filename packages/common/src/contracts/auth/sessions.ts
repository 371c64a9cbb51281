import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Id, Nothing, PageQuery, pageOf, Timestamp } from '../shared.ts'
import { SignedIn } from './accounts.ts'

export const Session = z.object({
  id: Id,
  userAgent: z.string().nullable(),
  ip: z.string().nullable(),
  createdAt: Timestamp,
  lastUsedAt: Timestamp,
  expiresAt: Timestamp,
  current: z.boolean(),
})
export type Session = z.infer<typeof Session>

const RefreshToken = z.string().min(1).max(256)

/** For the gateway, which refuses it before it hears so with all others; nobody outside is told. */
const EndedSession = z.object({ sessionId: Id })

/** Where an account is signed in, and how that goes on and ends. */
export const sessions = {
  refresh: {
    summary: 'Exchange a refresh token for new tokens',
    input: z.strictObject({ refreshToken: RefreshToken }),
    output: SignedIn,
    errors: [
      'REFRESH_INVALID',
      'REFRESH_EXPIRED',
      'REFRESH_REUSED',
      'REFRESH_TRANSPORT_MISMATCH',
      'SESSION_REVOKED',
      'PASSWORD_CHANGED',
      'ACCOUNT_DISABLED',
      'ACCOUNT_ERASED',
    ],
    // The immediate parent gets the same successor again, so a lost answer may be asked for twice.
    idempotent: true,
  },
  logout: {
    summary:
      'End this session, that of the access token or of the refresh token; its access tokens are refused from now on',
    // The refresh token is for who has no valid access token any more.
    input: z.strictObject({ refreshToken: RefreshToken.optional() }),
    output: EndedSession,
    errors: ['REFRESH_INVALID', 'REFRESH_TRANSPORT_MISMATCH'],
    idempotent: true,
  },
  logoutAll: {
    summary: 'End all sessions of this account',
    input: Nothing,
    output: EndedSession,
    errors: [],
    idempotent: true,
  },
  listSessions: {
    summary: 'Where this account is signed in',
    input: PageQuery,
    output: pageOf(Session),
    errors: [],
    idempotent: true,
  },
  revokeSession: {
    summary: 'End one session of this account',
    input: z.strictObject({ sessionId: Id }),
    output: EndedSession,
    errors: ['SESSION_NOT_FOUND'],
    idempotent: true,
  },
} as const satisfies Record<string, MethodSpec>
