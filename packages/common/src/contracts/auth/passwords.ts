import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Nothing } from '../shared.ts'
import { CurrentPassword, Email, MailToken, Password } from './accounts.ts'
import { RevokeApiKeys } from './api-keys.ts'
import { RemovePasskeys } from './passkeys.ts'

export const PasswordChange = z
  .strictObject({
    currentPassword: CurrentPassword,
    newPassword: Password,
    revokeApiKeys: RevokeApiKeys,
    removePasskeys: RemovePasskeys,
  })
  .meta({ description: 'The current password and its replacement' })

export const PasswordReset = z
  .strictObject({ token: MailToken, password: Password, revokeApiKeys: RevokeApiKeys, removePasskeys: RemovePasskeys })
  .meta({ description: 'The token from a reset link, and the new password' })

export const EmailVerification = z
  .strictObject({ token: MailToken })
  .meta({ description: 'The token from a verification link' })

/** Changing and resetting a password, and verifying that an email address belongs to the owner of the account. */
export const passwords = {
  changePassword: {
    summary: 'Change the password',
    description: 'Ends all other sessions of the account.',
    input: PasswordChange,
    output: Nothing,
    errors: ['PASSWORD_WRONG', 'PASSWORD_UNACCEPTABLE', 'TOO_BUSY'],
    idempotent: false,
  },
  forgotPassword: {
    summary: 'Request a password reset',
    description: 'Sends an email with a reset link. The answer does not reveal whether the address has an account.',
    input: z.strictObject({ email: Email }),
    output: Nothing,
    errors: [],
    idempotent: false,
  },
  resetPassword: {
    summary: 'Reset the password',
    description: 'Sets a new password with the token from a reset link and ends all sessions. It does not sign in.',
    input: PasswordReset,
    output: Nothing,
    errors: ['MAIL_TOKEN_INVALID', 'PASSWORD_UNACCEPTABLE', 'TOO_BUSY'],
    idempotent: false,
  },
  verifyEmail: {
    summary: 'Verify an email address',
    description: 'With the token from a verification link.',
    input: EmailVerification,
    output: Nothing,
    errors: ['MAIL_TOKEN_INVALID'],
    idempotent: false,
  },
  resendVerification: {
    summary: 'Request another verification email',
    description: 'The answer is the same for every address.',
    input: z.strictObject({ email: Email }),
    output: Nothing,
    errors: [],
    idempotent: false,
  },
} as const satisfies Record<string, MethodSpec>
