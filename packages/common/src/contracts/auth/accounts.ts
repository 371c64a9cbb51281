import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Id, NO_CONTROL, Nothing, Timestamp } from '../shared.ts'

/** RFC 5321 section 4.5.3.1.1. */
const MAX_LOCAL_PART = 64

export const Email = z
  .email()
  .max(254)
  .refine((email) => email.lastIndexOf('@') <= MAX_LOCAL_PART, 'At most 64 characters before the @')
  .meta({
    description: 'Email address, at most 254 characters, 64 of them before the @. Compared without regard to case.',
    example: 'ann@example.com',
  })
/** The contract limits only what bcrypt and memory can take; auth checks the quality of a password. */
export const Password = z.string().min(8).max(256).meta({
  description:
    'New password, 8 to 256 characters. Common passwords are refused, and the installation may require more than 8 characters.',
  example: 'an example passphrase',
})
/** A password that is checked against the stored one: rules for new passwords do not apply to it. */
export const CurrentPassword = z.string().min(1).max(256).meta({
  description: 'Current password of the account, at most 256 characters',
  example: 'an example passphrase',
})
export const DisplayName = z.string().trim().min(1).max(100).regex(NO_CONTROL).meta({
  description: 'Name shown to people, 1 to 100 characters without control characters. Surrounding spaces are removed.',
  example: 'Ann Example',
})

export const Role = z.enum(['user', 'support', 'admin']).meta({
  description:
    'Role of the account. `support`: finds accounts, and the state of videos, usage and webhook deliveries of others, without seeing a video. `admin`: manages everything.',
  example: 'user',
})

export const MailToken = z.string().min(1).max(256).meta({
  description: 'Token from the link in the email, at most 256 characters. It works once.',
  example: 'example-mail-token',
})

export const User = z
  .object({
    id: Id.meta({ description: 'Id of the account', example: '0197a1de-5c52-7a3c-9d5b-0c1f6e7a8b90' }),
    email: Email,
    displayName: z
      .string()
      .nullable()
      .meta({ description: 'Name shown to people; null if none was set', example: 'Ann Example' }),
    role: Role,
    emailVerified: z
      .boolean()
      .meta({ description: 'True once the owner has confirmed the email address', example: true }),
    mfaEnabled: z
      .boolean()
      .meta({ description: 'True if signing in with the password also needs a second factor', example: false }),
    createdAt: Timestamp.meta({
      description: 'Time the account was created, ISO 8601 UTC',
      example: '2026-01-15T09:30:00.000Z',
    }),
  })
  .meta({ description: 'An account' })
export type User = z.infer<typeof User>

export const SignedIn = z
  .object({
    user: User,
    accessToken: z.string().meta({
      description: 'JWT to send as `Authorization: Bearer`, valid for `expiresIn` seconds',
      example: 'example-access-token',
    }),
    tokenType: z.literal('Bearer').meta({ description: 'Type of the access token', example: 'Bearer' }),
    expiresIn: z.number().int().meta({ description: 'Seconds until the access token expires', example: 900 }),
    refreshToken: z.string().meta({
      description: 'Token to exchange for new tokens. Each refresh replaces it.',
      example: 'example-refresh-token',
    }),
    refreshExpiresIn: z
      .number()
      .int()
      .meta({ description: 'Seconds until the refresh token expires', example: 604_800 }),
    deviceToken: z.string().optional().meta({
      description:
        'Token that tells this client from others at its next sign-in, so that wrong passwords tried elsewhere do not keep it out. Sent after a sign-in, not after a refresh; valid for a year or until the password changes. It signs nobody in.',
      example: 'example-device-token',
    }),
  })
  .meta({ description: 'Tokens of a session and its account, as RFC 6749 section 5.1 in camelCase' })
export type SignedIn = z.infer<typeof SignedIn>

export const MfaMethod = z.enum(['totp', 'recovery_code', 'passkey'])
export type MfaMethod = z.infer<typeof MfaMethod>

export const MfaRequired = z
  .object({
    mfaRequired: z.literal(true).meta({ description: 'Always true: tells this answer from tokens', example: true }),
    mfaToken: z.string().meta({
      description: 'Token of the first step, which replaces the password in the second step of the sign-in',
      example: 'example-mfa-token',
    }),
    methods: z.array(MfaMethod).meta({
      description:
        'Second factors the account can use: `totp` (authenticator app), `recovery_code` (while any is unused), `passkey`',
      example: ['totp', 'recovery_code'],
    }),
    expiresIn: z.number().int().meta({ description: 'Seconds until `mfaToken` expires', example: 300 }),
  })
  .meta({ description: 'The password was correct, and the account requires a second factor' })
export type MfaRequired = z.infer<typeof MfaRequired>

export const VerificationRequired = z
  .object({
    status: z
      .literal('verification_required')
      .meta({ description: 'Always `verification_required`', example: 'verification_required' }),
  })
  .meta({
    description:
      'Answer instead of tokens where email addresses must be verified. It is the same for new and for taken addresses.',
  })
export type VerificationRequired = z.infer<typeof VerificationRequired>

export const Registration = z
  .strictObject({
    email: Email,
    password: Password,
    displayName: DisplayName.optional(),
    invite: MailToken.optional().meta({
      description: 'Token of an invitation for this address, at most 256 characters. Some installations require one.',
      example: 'example-invite-token',
    }),
  })
  .meta({ description: 'The account to create' })

const DeviceToken = z.string().max(256).meta({
  description:
    'The `deviceToken` from an earlier sign-in of this client, at most 256 characters. One that is not valid is ignored.',
  example: 'example-device-token',
})

export const Credentials = z
  .strictObject({
    email: z.string().max(254).regex(NO_CONTROL).meta({
      description: 'Email address of the account, at most 254 characters. Case does not matter.',
      example: 'ann@example.com',
    }),
    password: CurrentPassword,
    deviceToken: DeviceToken.optional(),
  })
  .meta({ description: 'Email address and password of an account' })

export const ProfileChanges = z
  .strictObject({
    displayName: DisplayName.nullable().meta({
      description: 'New name shown to people, 1 to 100 characters; null removes it',
      example: 'Ann Example',
    }),
  })
  .meta({ description: "Changes to the caller's account" })

/** Registration, sign-in with a password, and the caller's own account. */
export const accounts = {
  register: {
    summary: 'Create an account',
    description:
      'Signs in as well. Where email addresses must be verified, the answer is 202 for new and for taken addresses.',
    input: Registration,
    output: z.union([SignedIn, VerificationRequired]),
    errors: ['EMAIL_TAKEN', 'PASSWORD_UNACCEPTABLE', 'REGISTRATION_CLOSED', 'INVITE_INVALID', 'TOO_BUSY'],
    idempotent: false,
  },
  login: {
    summary: 'Sign in',
    description:
      'With email and password. If the account has a second factor, the answer has an `mfaToken` instead of tokens: finish with `POST /v1/auth/mfa`.',
    input: Credentials,
    output: z.union([SignedIn, MfaRequired]),
    errors: ['INVALID_CREDENTIALS', 'ACCOUNT_DISABLED', 'EMAIL_NOT_VERIFIED', 'TOO_BUSY'],
    idempotent: false,
  },
  resolveDevice: {
    summary: 'Look up which device a device token is for, null if it is not one of this account; for gateways',
    input: z.strictObject({ email: Credentials.shape.email, deviceToken: DeviceToken }),
    output: z.object({
      deviceId: z
        .string()
        .nullable()
        .meta({ description: 'Id of the device, base64url', example: 'example-device-id' }),
    }),
    errors: [],
    idempotent: true,
  },
  getMe: { summary: "Get the caller's account", input: Nothing, output: User, errors: [], idempotent: true },
  updateMe: {
    summary: "Update the caller's account",
    description: 'Changes the display name.',
    input: ProfileChanges,
    output: User,
    errors: [],
    idempotent: true,
  },
} as const satisfies Record<string, MethodSpec>

/**
 * The form in which email addresses are stored, compared and counted. RFC 5321 allows hosts to distinguish `Ann@` from `ann@`,
 * but none does, and people type both. Rate limits by account use it too; otherwise each spelling would have its own counter.
 */
export function normaliseEmail(email: string): string {
  return email.trim().normalize('NFKC').toLowerCase()
}
