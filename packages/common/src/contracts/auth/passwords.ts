import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Nothing } from '../shared.ts'
import { Password } from './accounts.ts'

/** Getting another password. */
export const passwords = {
  changePassword: {
    summary: 'Change the password; this session goes on, all others end',
    input: z.strictObject({ currentPassword: z.string().min(1).max(256), newPassword: Password }),
    output: Nothing,
    errors: ['PASSWORD_WRONG', 'PASSWORD_UNACCEPTABLE', 'TOO_BUSY'],
    idempotent: false,
  },
} as const satisfies Record<string, MethodSpec>
