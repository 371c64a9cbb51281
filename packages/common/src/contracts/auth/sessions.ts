import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Id, PageQuery, pageOf, Timestamp } from '../shared.ts'
import { SignedIn } from './accounts.ts'
import { RevokeApiKeys } from './api-keys.ts'

export const SessionId = Id.meta({
  description: 'Id of the session',
  example: '0197a1e0-1f34-7b21-8c66-52d0e9b3a7f4',
})

export const Session = z
  .object({
    id: SessionId,
    userAgent: z.string().nullable().meta({
      description: 'User-Agent header of the last refresh or sign-in; null if unknown',
      example: 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0',
    }),
    ip: z
      .string()
      .nullable()
      .meta({ description: 'IP address of the last refresh or sign-in; null if unknown', example: '203.0.113.7' }),
    createdAt: Timestamp.meta({
      description: 'Time of the sign-in, ISO 8601 UTC',
      example: '2026-01-15T09:30:00.000Z',
    }),
    lastUsedAt: Timestamp.meta({
      description: 'Time of the last refresh, or of the sign-in before any refresh, ISO 8601 UTC',
      example: '2026-01-16T18:05:12.000Z',
    }),
    expiresAt: Timestamp.meta({
      description: 'Time the session ends unless it is refreshed before, ISO 8601 UTC',
      example: '2026-01-23T18:05:12.000Z',
    }),
    current: z.boolean().meta({ description: 'True for the session that makes this request', example: true }),
  })
  .meta({ description: 'A place where an account is signed in' })
export type Session = z.infer<typeof Session>

export const SessionPage = pageOf(Session).meta({ description: 'A page of sessions' })

const RefreshToken = z.string().min(1).max(256).meta({
  description: 'Latest refresh token of the session, at most 256 characters',
  example: 'example-refresh-token',
})

/** Lets the gateway that ended a session refuse its tokens before the revocation reaches all gateways; never shown to clients. */
const EndedSession = z.object({ sessionId: SessionId })

/** The sessions of the caller's account: how they continue and how they end. */
export const sessions = {
  refresh: {
    summary: 'Refresh the access token',
    description:
      'Exchanges the refresh token for a new pair. A refresh token works once: using it a second time ends the session.',
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
    // The immediate parent of a token gets the same successor again, so a client may retry after a lost answer.
    idempotent: true,
  },
  logout: {
    summary: 'Sign out',
    description: 'Ends the session of the access token or refresh token and refuses its access tokens.',
    input: z.strictObject({
      refreshToken: RefreshToken.optional().meta({
        description:
          'Refresh token of the session to end, at most 256 characters. Needed only without a valid access token.',
        example: 'example-refresh-token',
      }),
    }),
    output: EndedSession,
    errors: ['UNAUTHENTICATED', 'REFRESH_INVALID', 'REFRESH_TRANSPORT_MISMATCH'],
    idempotent: true,
  },
  logoutAll: {
    summary: 'Sign out everywhere',
    description: "Ends all sessions of the caller's account, and revokes its API keys if asked to.",
    input: z.strictObject({ revokeApiKeys: RevokeApiKeys }),
    output: EndedSession,
    errors: [],
    idempotent: true,
  },
  listSessions: {
    summary: 'List sessions',
    description: "The caller's sessions, newest first.",
    input: PageQuery,
    output: SessionPage,
    errors: [],
    idempotent: true,
  },
  revokeSession: {
    summary: 'End a session',
    description: "Ends one of the caller's sessions and refuses its access tokens.",
    input: z.strictObject({ sessionId: SessionId }),
    output: EndedSession,
    errors: ['SESSION_NOT_FOUND'],
    idempotent: true,
  },
} as const satisfies Record<string, MethodSpec>
