import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Id } from '../shared.ts'

export const passport = {
  findPassport: {
    summary: 'Where the passport of a video is stored; for its owner',
    input: z.strictObject({ videoId: Id }),
    output: z.object({
      storageKey: z.string(),
      /** Hex. */
      sha256: z.string(),
    }),
    errors: ['VIDEO_NOT_FOUND', 'PASSPORT_NOT_READY'],
    idempotent: true,
  },
} as const satisfies Record<string, MethodSpec>
