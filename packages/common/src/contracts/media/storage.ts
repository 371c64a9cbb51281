import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Id } from '../shared.ts'

/** Where rows and files do not agree. */
export const StorageFinding = z.object({
  /** `missing`: a row names files that are not there. `unknown`: there are files that no row names. */
  problem: z.enum(['missing', 'unknown']),
  what: z.enum(['source', 'poster', 'storyboard', 'passport', 'playback', 'watermark', 'attempt', 'video']),
  videoId: Id,
  /** How many files. */
  files: z.number().int().positive(),
  /** Storage key of one of them. */
  example: z.string(),
})
export type StorageFinding = z.infer<typeof StorageFinding>

/** For those who run the installation. */
export const storage = {
  auditStorage: {
    summary: 'Compare the next videos, and after them the next folders in storage, with each other; for administrators',
    input: z.strictObject({ cursor: z.string().max(500).optional() }),
    output: z.object({
      items: z.array(StorageFinding),
      /** Videos and folders that were looked at. */
      looked: z.number().int(),
      nextCursor: z.string().nullable(),
    }),
    errors: ['VALIDATION_FAILED'],
    idempotent: true,
  },
} as const satisfies Record<string, MethodSpec>
