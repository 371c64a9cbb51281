import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Id } from '../shared.ts'

const Amount = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER).nullable()

/** What an owner may have and do; null where there is no limit. */
export const Limits = z.object({
  /** Sources, stored and being uploaded. */
  storedBytes: Amount,
  /** Of one source. */
  uploadBytes: Amount,
  /** Of all videos together. */
  minutes: Amount,
  /** Seconds of one video. */
  videoSeconds: Amount,
  /** Tasks of all videos that run at the same time. */
  runningTasks: Amount,
})
export type Limits = z.infer<typeof Limits>

export const Usage = z.object({
  /** Of sources; an upload counts with its whole length from its beginning. */
  bytes: z.number().int(),
  minutes: z.number(),
  videos: z.number().int(),
  /** Not yet complete. */
  uploads: z.number().int(),
  runningTasks: z.number().int(),
  limits: Limits,
})
export type Usage = z.infer<typeof Usage>

const OneUser = z.strictObject({ userId: Id })

export const limits = {
  getUsage: {
    summary: 'How much the signed-in user has and may have',
    input: z.strictObject({}),
    output: Usage,
    errors: [],
    idempotent: true,
  },
  getUserUsage: {
    summary: 'How much an owner has and may have; for administrators',
    input: OneUser,
    output: Usage,
    errors: [],
    idempotent: true,
  },
  updateUserLimits: {
    summary: 'Give an owner limits of its own; null takes one back, so that the installation’s applies again',
    input: OneUser.extend(Limits.partial().shape),
    output: Usage,
    errors: ['USER_NOT_FOUND'],
    idempotent: true,
  },
} as const satisfies Record<string, MethodSpec>
