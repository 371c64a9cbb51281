import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Nothing } from '../shared.ts'
import { Email, MailToken } from './accounts.ts'

/** Showing that an e-mail address is one's own. */
export const email = {
  verifyEmail: {
    summary: 'Confirm an e-mail address with the token of a mailed link',
    input: z.strictObject({ token: MailToken }),
    output: Nothing,
    errors: ['MAIL_TOKEN_INVALID'],
    idempotent: false,
  },
  resendVerification: {
    summary: 'Have the link to confirm an address mailed again; the answer is the same for every address',
    input: z.strictObject({ email: Email }),
    output: Nothing,
    errors: [],
    idempotent: false,
  },
} as const satisfies Record<string, MethodSpec>
