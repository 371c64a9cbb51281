import { z } from 'zod'
import { AppError, type ErrorCode } from '../../errors.ts'

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
    'revoked_by_admin',
  ])
  .meta({ description: 'Why the sessions or API keys were ended before they expired', example: 'logout' })
export type RevocationReason = z.infer<typeof RevocationReason>

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
  revoked_by_admin: { ...ENDED, detail: 'An administrator ended this session' },
}

/** The error for a token of a session that was ended; an API key counts as `access`. */
export function signedOut(reason: RevocationReason, token: 'access' | 'refresh'): AppError {
  const { [token]: code, detail } = REFUSALS[reason]
  return new AppError(code, { detail })
}
