import { z } from 'zod'

/** How a video was made, and what was found when it was checked, as workers tell it. */

const Sha256 = z.string().length(64)

/** A file as it was published. */
export const FileDigest = z.object({
  /** Relative to the folder of the video. */
  name: z.string(),
  bytes: z.number().int(),
  /** Hex; null where it was made before hashes were kept. */
  sha256: Sha256.nullable(),
})
export type FileDigest = z.infer<typeof FileDigest>

/** The judgement of one rule of HLS. */
export const Verdict = z.object({
  rule: z.string(),
  says: z.string(),
  source: z.string(),
  /** `unchecked`: the video has nothing that the rule is about. */
  verdict: z.enum(['kept', 'broken', 'unchecked']),
  where: z.array(z.string()),
})
export type Verdict = z.infer<typeof Verdict>

/** What an attempt at a task has run so far. */
export const ToolRuns = z.object({
  ffmpeg: z.object({
    /** First line of `ffmpeg -version`. */
    version: z.string(),
    /** Of its configuration line, in hex. */
    configurationSha256: Sha256,
  }),
  /** Program and arguments of each run. File names are relative to an empty folder, and nothing in them is a user's. */
  commands: z.array(z.array(z.string())),
})
export type ToolRuns = z.infer<typeof ToolRuns>
