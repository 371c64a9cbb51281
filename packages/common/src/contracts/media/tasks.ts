import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Id } from '../shared.ts'

/** UTF-16 units, which is never more than the bytes that a worker keeps. */
export const MAX_LOG_LENGTH = 65_536

export const taskLog = {
  getTaskLog: {
    summary: 'The end of what ffmpeg printed in an attempt at a task; for the owner and for administrators',
    input: z.strictObject({
      videoId: Id.meta({ description: 'Id of the video.' }),
      taskId: Id.meta({ description: 'Id of the task.' }),
      attempt: z.coerce
        .number()
        .int()
        .min(1)
        .max(1_000_000)
        .optional()
        .meta({ description: 'Number of the attempt; without it the last one that has a log.', example: 1 }),
    }),
    output: z.object({ log: z.string() }),
    errors: ['VIDEO_NOT_FOUND', 'TASK_LOG_NOT_FOUND'],
    idempotent: true,
  },
} as const satisfies Record<string, MethodSpec>
