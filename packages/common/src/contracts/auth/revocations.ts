import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { AppError, type ErrorCode } from '../../errors.ts'
import { Id, Timestamp } from '../shared.ts'

/** Why a session or an API key ended before it expired. */
export const RevocationReason = z
  .enum([
    'logout',
    'logout_all',
    'session_revoked',
    'refresh_reused',
    'api_key_revoked',
    'password_changed',
    'password_reset',
    'email_verified',
    'account_disabled',
    'account_erased',
    'role_changed',
    'project_role_changed',
    'revoked_by_admin',
  ])
  .meta({ description: 'Why the sessions or API keys were ended before they expired', example: 'logout' })
export type RevocationReason = z.infer<typeof RevocationReason>

/**
 * Sessions whose access tokens must be refused, and API keys and roles in projects whose cached answers must be dropped, so
 * that the next request asks auth. A revocation is kept until the last of those tokens has expired.
 */
export const Revocation = z.object({
  sequence: z.number().int().meta({ description: 'Number of the revocation, ascending', example: 42 }),
  sessionIds: z
    .array(Id)
    .max(200)
    .meta({
      description: 'Sessions whose access tokens must be refused, at most 200',
      example: ['0197a1e0-1f34-7b21-8c66-52d0e9b3a7f4'],
    }),
  apiKeyIds: z
    .array(Id)
    .max(200)
    .default([])
    .meta({ description: 'API keys whose cached answers must be dropped, at most 200', example: [] }),
  accountIds: z.array(Id).max(200).default([]).meta({
    description: 'Accounts whose roles in projects have changed: cached ones must be dropped, at most 200',
    example: [],
  }),
  reason: RevocationReason,
  expiresAt: Timestamp.meta({
    description: 'Time by which every access token of these sessions has expired, ISO 8601 UTC',
    example: '2026-01-15T10:30:00.000Z',
  }),
})
export type Revocation = z.infer<typeof Revocation>

interface Refusal {
  /** Code with which a gateway refuses an access token. */
  access: ErrorCode
  /** Code with which auth refuses a refresh token. */
  refresh: ErrorCode
  detail: string
}

const ENDED = { access: 'TOKEN_REVOKED', refresh: 'SESSION_REVOKED' } as const
const both = (code: ErrorCode) => ({ access: code, refresh: code })

const REFUSALS: Record<RevocationReason, Refusal> = {
  logout: { ...ENDED, detail: 'You have signed out of this session' },
  logout_all: { ...ENDED, detail: 'You have signed out of all sessions' },
  session_revoked: { ...ENDED, detail: 'This session was ended from another one' },
  refresh_reused: {
    ...both('REFRESH_REUSED'),
    detail: 'A used refresh token came back, so this session was ended; sign in again',
  },
  api_key_revoked: { access: 'API_KEY_REVOKED', refresh: 'SESSION_REVOKED', detail: 'This API key was revoked' },
  password_changed: {
    ...both('PASSWORD_CHANGED'),
    detail: 'The password was changed from another session; sign in with the new one',
  },
  password_reset: { ...both('PASSWORD_CHANGED'), detail: 'The password was reset; sign in with the new one' },
  email_verified: { ...ENDED, detail: 'The address of this account was confirmed for the first time; sign in again' },
  account_disabled: { ...both('ACCOUNT_DISABLED'), detail: 'This account was disabled' },
  account_erased: { ...both('ACCOUNT_ERASED'), detail: 'This account was deleted' },
  role_changed: { ...ENDED, detail: 'What this account may do was changed; sign in again' },
  project_role_changed: { ...ENDED, detail: 'What this account may do in a project was changed' },
  revoked_by_admin: { ...ENDED, detail: 'An administrator ended this session' },
}

/** The error for a token of a session that was ended; an API key counts as `access`. */
export function signedOut(reason: RevocationReason, token: 'access' | 'refresh'): AppError {
  const { [token]: code, detail } = REFUSALS[reason]
  return new AppError(code, { detail })
}

/** How gateways learn which access tokens they must refuse. */
export const revocations = {
  listRevocations: {
    summary: 'List the revocations after a sequence number that still matter; for gateways',
    input: z.strictObject({
      after: z.number().int().min(0).meta({
        description: 'Number of the last revocation the caller knows; 0 for all',
        example: 41,
      }),
    }),
    output: z.object({
      items: z.array(Revocation).meta({ description: 'Revocations in ascending order', example: [] }),
      more: z.boolean().meta({ description: 'True if there are further revocations', example: false }),
      sequence: z.number().int().meta({ description: 'Number to send as `after` next time', example: 42 }),
    }),
    errors: [],
    idempotent: true,
  },
} as const satisfies Record<string, MethodSpec>
