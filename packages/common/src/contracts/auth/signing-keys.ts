import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { NO_CONTROL, Nothing, Timestamp } from '../shared.ts'

/**
 * `next` is published and signs nothing yet, `current` signs, `previous` is only verified with. `retired` was taken
 * out of use in an emergency: whatever it has signed is refused.
 */
export const KeyStage = z.enum(['next', 'current', 'previous', 'retired'])
export type KeyStage = z.infer<typeof KeyStage>

export const SigningKeyInfo = z.object({
  kid: z.string(),
  stage: KeyStage,
  createdAt: Timestamp,
  /** When it began to sign. */
  currentSince: Timestamp.nullable(),
  /** When the last access token signed with it will have expired; null while it may sign. */
  expiresAt: Timestamp.nullable(),
  retireReason: z.string().nullable(),
})
export type SigningKeyInfo = z.infer<typeof SigningKeyInfo>

const SigningKeys = z.object({ keys: z.array(SigningKeyInfo) })

/** The keys that access tokens are signed with, for whoever operates the installation. */
export const signingKeys = {
  listKeys: {
    summary: 'All signing keys and their stages; for operators',
    input: Nothing,
    output: SigningKeys,
    errors: ['FORBIDDEN'],
    idempotent: true,
  },
  rotateKeys: {
    summary: 'Sign with the next key from now on; tokens of the present one stay good; for operators',
    input: Nothing,
    output: SigningKeys,
    errors: ['FORBIDDEN', 'KEY_TOO_NEW'],
    // Twice would rotate twice.
    idempotent: false,
  },
  retireKey: {
    summary: 'Retire a key in an emergency: its tokens are refused at once; for operators',
    input: z.strictObject({
      kid: z.string().min(1).max(100),
      reason: z.string().trim().min(1).max(200).regex(NO_CONTROL),
    }),
    output: SigningKeys,
    errors: ['FORBIDDEN', 'KEY_NOT_FOUND'],
    idempotent: true,
  },
} as const satisfies Record<string, MethodSpec>
