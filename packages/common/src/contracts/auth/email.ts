import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Nothing } from '../shared.ts'
import { Email, MailToken } from './accounts.ts'

export const EmailVerification = z
  .strictObject({ token: MailToken })
  .meta({ description: 'The token from a verification link' })

/** Verification that an email address belongs to the owner of the account. */
export const email = {
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
