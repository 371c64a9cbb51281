import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Nothing } from '../shared.ts'
import { Email, MailToken, Password } from './accounts.ts'

/** Getting another password. */
export const passwords = {
  changePassword: {
    summary: 'Change the password; this session goes on, all others end',
    input: z.strictObject({ currentPassword: z.string().min(1).max(256), newPassword: Password }),
    output: Nothing,
    errors: ['PASSWORD_WRONG', 'PASSWORD_UNACCEPTABLE', 'TOO_BUSY'],
    idempotent: false,
  },
  forgotPassword: {
    summary:
      'Have a link to set a new password mailed; the answer is the same whether the address has an account or not',
    input: z.strictObject({ email: Email }),
    output: Nothing,
    errors: [],
    idempotent: false,
  },
  resetPassword: {
    summary: 'Set a new password with the token of a mailed link; ends every session, begins none',
    input: z.strictObject({ token: MailToken, password: Password }),
    output: Nothing,
    errors: ['MAIL_TOKEN_INVALID', 'PASSWORD_UNACCEPTABLE', 'TOO_BUSY'],
    idempotent: false,
  },
} as const satisfies Record<string, MethodSpec>
