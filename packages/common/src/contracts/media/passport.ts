import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { FileDigest, ToolRuns, Verdict } from '../evidence.ts'
import { Id } from '../shared.ts'
import { SourceFacts } from '../source-facts.ts'
import { WARNINGS_EXAMPLE, Warnings } from '../warnings.ts'
import { OneVideo } from './video.ts'

/** The source, tool runs, published files and check results of a finished video. Written once. */
export const Passport = z.object({
  version: z.literal(1).meta({ description: 'Version of this format.', example: 1 }),
  videoId: Id.meta({ description: 'Id of the video.' }),
  source: z
    .object({
      bytes: z.number().int().meta({ description: 'Size in bytes.', example: 73400320 }),
      sha256: z.string().meta({
        description: 'SHA-256 in hexadecimal.',
        example: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      }),
    })
    .meta({ description: 'The uploaded file.' }),
  facts: SourceFacts.meta({ description: 'What was found out about the source.' }),
  warnings: Warnings.default([]).meta({
    description: 'What was left out of the video, as in the video itself.',
    example: WARNINGS_EXAMPLE,
  }),
  runs: z
    .array(
      ToolRuns.extend({
        taskId: Id.meta({ description: 'Id of the task.' }),
        label: z.string().meta({ description: 'Which task, as in the timeline.', example: 'video 720p 1/4' }),
        attempt: z.number().int().meta({ description: 'Number of the attempt, from 1.', example: 1 }),
      }),
    )
    .meta({ description: 'Every attempt whose files are published, in the order of work.' }),
  files: z.array(FileDigest).meta({ description: 'Every published file.' }),
  verdicts: z.array(Verdict).meta({ description: 'The verdict on each rule of HLS, in order.' }),
})
export type Passport = z.infer<typeof Passport>

export const passport = {
  findPassport: {
    summary: 'Get the storage key of the passport of a video; for its owner',
    input: OneVideo,
    output: z.object({
      storageKey: z.string(),
      /** Hex. */
      sha256: z.string(),
    }),
    errors: ['VIDEO_NOT_FOUND', 'PASSPORT_NOT_READY'],
    idempotent: true,
  },
  findSource: {
    summary: 'Get the storage key of the source of a video; for those who may edit it',
    input: OneVideo,
    output: z.object({
      storageKey: z.string(),
      /** Null where the client gave none. */
      filename: z.string().nullable(),
      title: z.string(),
      /** Hex. */
      sha256: z.string(),
    }),
    errors: ['VIDEO_NOT_FOUND', 'SOURCE_NOT_FOUND', 'SOURCE_REMOVED'],
    idempotent: true,
  },
} as const satisfies Record<string, MethodSpec>
