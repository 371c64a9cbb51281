import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Id, Nothing } from '../shared.ts'
import { User } from './accounts.ts'
import { PasswordAndCode } from './second-factor.ts'

export const AccountErasure = PasswordAndCode.extend({
  code: PasswordAndCode.shape.code.optional().meta({
    description:
      'Code of the authenticator app, or a recovery code, at most 64 characters. Required if the account has a second factor.',
    example: '123456',
  }),
}).meta({ description: 'Confirmation that the owner of the account wants it deleted' })

/** The rights of persons to see the data kept about them, and to have it deleted. */
export const personalData = {
  exportAccount: {
    summary: "Get the caller's account for an export of all data kept about it, and record the export in the audit log",
    input: Nothing,
    output: User,
    errors: [],
    idempotent: true,
  },
  eraseMe: {
    summary: "Delete the caller's account",
    description:
      'Deletes the account and its personal project with everything in it, permanently; other projects keep their videos. Refused for the last owner of a project. Needs the password and, if the account has a second factor, a code.',
    input: AccountErasure,
    output: Nothing,
    errors: [
      'PASSWORD_WRONG',
      'MFA_NOT_ENABLED',
      'MFA_CODE_REQUIRED',
      'MFA_CODE_WRONG',
      'MFA_LOCKED',
      'LAST_ADMIN',
      'LAST_OWNER',
      'TOO_BUSY',
    ],
    idempotent: false,
  },
  getErasure: {
    summary: 'Whether an account or a project was deleted; media asks before it removes what belonged to it',
    input: z.strictObject({ userId: Id.meta({ description: 'Id of the account or of the project.' }) }),
    output: z.object({ erased: z.boolean() }),
    errors: [],
    idempotent: true,
    callers: ['media'],
  },
} as const satisfies Record<string, MethodSpec>
