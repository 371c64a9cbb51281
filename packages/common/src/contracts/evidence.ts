import { z } from 'zod'

/** Reports of workers: how a video was encoded, and the results of its check. */

const Sha256 = z.string().length(64)

/** A published file. */
export const FileDigest = z.object({
  name: z.string().meta({ description: 'Path relative to the folder of the video.', example: '720p/init.mp4' }),
  bytes: z.number().int().meta({ description: 'Size in bytes.', example: 1024 }),
  sha256: Sha256.nullable().meta({
    description: 'SHA-256 in hexadecimal; null for a file from a version that stored no hashes.',
    example: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  }),
})
export type FileDigest = z.infer<typeof FileDigest>

/** The result of checking one rule of HLS. */
export const Verdict = z.object({
  rule: z.string().meta({ description: 'Id of the rule.', example: 'segment-duration' }),
  says: z
    .string()
    .meta({ description: 'What the rule demands.', example: 'No segment is longer than the target duration' }),
  source: z.string().meta({ description: 'Where the rule is written.', example: 'RFC 8216 section 4.3.3.1' }),
  verdict: z.enum(['kept', 'broken', 'unchecked']).meta({
    description: 'kept, broken, or unchecked if the video has nothing that the rule is about.',
    example: 'kept',
  }),
  where: z.array(z.string()).meta({ description: 'Files that break the rule.', example: [] }),
})
export type Verdict = z.infer<typeof Verdict>

/** What an attempt at a task has run so far. */
export const ToolRuns = z.object({
  ffmpeg: z
    .object({
      version: z.string().meta({ description: 'First line of `ffmpeg -version`.', example: 'ffmpeg version 7.1' }),
      configurationSha256: Sha256.meta({
        description: 'SHA-256 of its configuration line, in hexadecimal.',
        example: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      }),
    })
    .meta({ description: 'The ffmpeg that was used.' }),
  commands: z
    .array(z.array(z.string()))
    .meta({ description: 'Program and arguments of each run.', example: [['ffmpeg', '-version']] }),
})
export type ToolRuns = z.infer<typeof ToolRuns>
