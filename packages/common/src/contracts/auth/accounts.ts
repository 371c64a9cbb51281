import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Id, NO_CONTROL, Nothing, Timestamp } from '../shared.ts'

export const Email = z.email().max(254)
/** Checked for quality by auth; here only for what bcrypt and memory can take. */
export const Password = z.string().min(8).max(256)
export const DisplayName = z.string().trim().min(1).max(100).regex(NO_CONTROL)

export const Role = z.enum(['user', 'admin'])

/** Out of the link in a mail. */
export const MailToken = z.string().min(1).max(256)

export const User = z.object({
  id: Id,
  email: Email,
  displayName: z.string().nullable(),
  role: Role,
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

export const MfaMethod = z.enum(['totp', 'recovery_code', 'passkey'])
export type MfaMethod = z.infer<typeof MfaMethod>

/** The password was right, and the account asks for a second factor. */
export const MfaRequired = z.object({
  mfaRequired: z.literal(true),
  mfaToken: z.string(),
  methods: z.array(MfaMethod),
  /** Seconds until the token is worth nothing. */
  expiresIn: z.number().int(),
})
export type MfaRequired = z.infer<typeof MfaRequired>

/** Instead of `SignedIn` where addresses are verified: the same whether the address is new or not. */
export const VerificationRequired = z.object({ status: z.literal('verification_required') })
export type VerificationRequired = z.infer<typeof VerificationRequired>

/** Having an account and signing in to it. */
export const accounts = {
  register: {
    summary: 'Create an account and sign in',
    input: z.strictObject({ email: Email, password: Password, displayName: DisplayName.optional() }),
    output: z.union([SignedIn, VerificationRequired]),
    errors: ['EMAIL_TAKEN', 'PASSWORD_UNACCEPTABLE', 'TOO_BUSY'],
    idempotent: false,
  },
  login: {
    summary: 'Sign in with e-mail and password',
    input: z.strictObject({ email: z.string().max(254).regex(NO_CONTROL), password: z.string().min(1).max(256) }),
    output: z.union([SignedIn, MfaRequired]),
    errors: ['INVALID_CREDENTIALS', 'ACCOUNT_DISABLED', 'EMAIL_NOT_VERIFIED', 'TOO_BUSY'],
    idempotent: false,
  },
  getMe: { summary: 'The signed-in account', input: Nothing, output: User, errors: [], idempotent: true },
  updateMe: {
    summary: 'Change the signed-in account',
    input: z.strictObject({ displayName: DisplayName.nullable() }),
    output: User,
    errors: [],
    idempotent: true,
  },
} as const satisfies Record<string, MethodSpec>
