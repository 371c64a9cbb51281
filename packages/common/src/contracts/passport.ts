import { z } from 'zod'
import { FileDigest, ToolRuns, Verdict } from './evidence.ts'
import { Id } from './shared.ts'
import { SourceFacts } from './work.ts'

/** What a finished video was made from and with, what was published, and what its check found. Written once. */
export const Passport = z.object({
  version: z.literal(1),
  videoId: Id,
  source: z.object({ bytes: z.number().int(), sha256: z.string() }),
  facts: SourceFacts,
  /** Every attempt whose files are published, in the order of work. */
  runs: z.array(
    ToolRuns.extend({
      taskId: Id,
      /** As in the timeline. */
      label: z.string(),
      attempt: z.number().int(),
    }),
  ),
  files: z.array(FileDigest),
  /** One for each rule, in order. */
  verdicts: z.array(Verdict),
})
export type Passport = z.infer<typeof Passport>
