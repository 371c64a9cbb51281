import type { MethodSpec } from '../../contract.ts'
import { Nothing } from '../shared.ts'
import { User } from './accounts.ts'
import { PasswordAndCode } from './second-factor.ts'

/** What a person may ask of those who keep data about them: to see it, and to have it deleted. */
export const personalData = {
  exportAccount: {
    summary:
      'The signed-in account, for an export of all that is kept about it; the export is written into the audit log',
    input: Nothing,
    output: User,
    errors: [],
    idempotent: true,
  },
  eraseMe: {
    summary: 'Delete the signed-in account and everything that belongs to it, for good',
    // The code of an authenticator app, or a recovery code, where the account has a second factor.
    input: PasswordAndCode.partial({ code: true }),
    output: Nothing,
    errors: [
      'PASSWORD_WRONG',
      'MFA_NOT_ENABLED',
      'MFA_CODE_REQUIRED',
      'MFA_CODE_WRONG',
      'MFA_LOCKED',
      'LAST_ADMIN',
      'TOO_BUSY',
    ],
    idempotent: false,
  },
} as const satisfies Record<string, MethodSpec>
