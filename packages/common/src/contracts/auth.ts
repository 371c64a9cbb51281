import { z } from 'zod'
import { defineContract } from '../contract.ts'
import { Id, NO_CONTROL, Nothing, PageQuery, pageOf, Timestamp } from './shared.ts'

export const Email = z.email().max(254)
/** Checked for quality by auth; here only for what bcrypt and memory can take. */
export const Password = z.string().min(8).max(256)
export const DisplayName = z.string().trim().min(1).max(100).regex(NO_CONTROL)

export const User = z.object({
  id: Id,
  email: Email,
  displayName: z.string().nullable(),
  role: z.enum(['user', 'admin']),
  emailVerified: z.boolean(),
  mfaEnabled: z.boolean(),
  createdAt: Timestamp,
})
export type User = z.infer<typeof User>

/** RFC 6749 section 5.1 in camelCase; times in seconds. */
export const SignedIn = z.object({
  user: User,
  accessToken: z.string(),
  tokenType: z.literal('Bearer'),
  expiresIn: z.number().int(),
  refreshToken: z.string(),
  refreshExpiresIn: z.number().int(),
})
export type SignedIn = z.infer<typeof SignedIn>

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

export const AuditEntry = z.object({
  id: Id,
  action: z.string(),
  outcome: z.enum(['success', 'failure']),
  ip: z.string().nullable(),
  userAgent: z.string().nullable(),
  requestId: z.string(),
  at: Timestamp,
})

/** RFC 7517; EC keys on P-256 only. */
export const Jwk = z.object({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string(),
  y: z.string(),
  kid: z.string(),
  use: z.literal('sig'),
  alg: z.literal('ES256'),
})
export type Jwk = z.infer<typeof Jwk>

export const RevocationReason = z.enum(['logout', 'logout_all', 'session_revoked', 'refresh_reused'])
export type RevocationReason = z.infer<typeof RevocationReason>

/** Sessions whose access tokens must be refused; forgotten once the last of those tokens has expired. */
export const Revocation = z.object({
  sequence: z.number().int(),
  sessionIds: z.array(Id).max(200),
  reason: RevocationReason,
  /** No access token of these sessions lives longer than this. */
  expiresAt: Timestamp,
})
export type Revocation = z.infer<typeof Revocation>

export const auth = defineContract('auth', {
  register: {
    summary: 'Create an account and sign in',
    input: z.strictObject({ email: Email, password: Password, displayName: DisplayName.optional() }),
    output: SignedIn,
    errors: ['EMAIL_TAKEN', 'PASSWORD_UNACCEPTABLE', 'TOO_BUSY'],
    idempotent: false,
  },
  login: {
    summary: 'Sign in with e-mail and password',
    input: z.strictObject({ email: z.string().max(254).regex(NO_CONTROL), password: z.string().min(1).max(256) }),
    output: SignedIn,
    errors: ['INVALID_CREDENTIALS', 'ACCOUNT_DISABLED', 'TOO_BUSY'],
    idempotent: false,
  },
  refresh: {
    summary: 'Exchange a refresh token for new tokens',
    input: z.strictObject({ refreshToken: z.string().min(1).max(256) }),
    output: SignedIn,
    errors: ['REFRESH_INVALID', 'REFRESH_EXPIRED', 'REFRESH_REUSED', 'SESSION_REVOKED', 'ACCOUNT_DISABLED'],
    // The immediate parent gets the same successor again, so a lost answer may be asked for twice.
    idempotent: true,
  },
  logout: {
    summary: 'End this session; its access token is refused from now on',
    input: Nothing,
    output: Nothing,
    errors: [],
    idempotent: true,
  },
  logoutAll: {
    summary: 'End all sessions of this account',
    input: Nothing,
    output: Nothing,
    errors: [],
    idempotent: true,
  },
  getMe: { summary: 'The signed-in account', input: Nothing, output: User, errors: [], idempotent: true },
  updateMe: {
    summary: 'Change the signed-in account',
    input: z.strictObject({ displayName: DisplayName.nullable() }),
    output: User,
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
    output: Nothing,
    errors: ['SESSION_NOT_FOUND'],
    idempotent: true,
  },
  listAudit: {
    summary: 'What happened to this account, newest first',
    input: PageQuery,
    output: pageOf(AuditEntry),
    errors: [],
    idempotent: true,
  },
  getJwks: {
    summary: 'The public keys that access tokens are signed with',
    input: Nothing,
    output: z.object({ keys: z.array(Jwk) }),
    errors: [],
    idempotent: true,
  },
  listRevocations: {
    summary: 'All revocations after a sequence number that still matter; for gateways',
    input: z.strictObject({ after: z.number().int().min(0) }),
    output: z.object({ items: z.array(Revocation), more: z.boolean(), sequence: z.number().int() }),
    errors: [],
    idempotent: true,
  },
})
