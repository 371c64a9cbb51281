import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { NO_CONTROL, Nothing, pageOf, Timestamp } from '../shared.ts'
import { Warnings } from '../warnings.ts'
import { OneVideo } from './video.ts'

/** Largest file of captions that is accepted. */
export const MAX_CAPTION_BYTES = 1024 * 1024

/** BCP 47. Checked after access to the video, so that the error reveals nothing to strangers. */
const Language = z.string().max(50)
/** No control characters, and no quotation marks: it becomes a quoted string in a playlist (RFC 8216 section 4.2). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that it refuses
const LABEL = /^[^\u0000-\u001f"\u007f-\u009f]*$/
export const CaptionLabel = z.string().trim().min(1).max(100).regex(LABEL, 'No quotation marks or control characters')

export const Captions = z.object({
  lang: z.string().meta({ description: 'Language in the canonical form of BCP 47.', example: 'pt-BR' }),
  label: z.string().meta({ description: 'What the menu of a player shows.', example: 'Português' }),
  cues: z.number().int().meta({ description: 'Number of cues.', example: 312 }),
  fromSource: z
    .boolean()
    .meta({ description: 'Whether they were taken from a subtitle track of the source.', example: false }),
  automatic: z.boolean().meta({
    description: 'Whether an engine made them from the audio; captions that somebody puts replace them.',
    example: false,
  }),
  forced: z.boolean().meta({
    description: 'Whether they have only what viewers need although they understand the audio.',
    example: false,
  }),
  sdh: z
    .boolean()
    .meta({ description: 'Whether they also describe sounds, for people who do not hear them.', example: false }),
  createdAt: Timestamp.meta({ description: 'When it was created (UTC).' }),
})
export type Captions = z.infer<typeof Captions>

/** The answer to an upload of captions. */
export const PutCaptions = Captions.extend({
  warnings: Warnings.default([]).meta({
    description: 'How the file was understood, where that is not certain or not as written. Not stored.',
    example: [{ code: 'CAPTIONS_ENCODING', detail: 'The file is not in UTF-8. It was read as Windows-1251.' }],
  }),
})

/** Of one video. */
export const MAX_CHAPTERS = 200
/** UTF-16 code units. */
export const MAX_CHAPTER_TITLE = 200

const Chapter = z.strictObject({
  start: z.number().min(0).max(604_800).meta({ description: 'Start in seconds.', example: 93.5 }),
  title: z
    .string()
    .trim()
    .min(1)
    .max(MAX_CHAPTER_TITLE)
    .regex(NO_CONTROL)
    .meta({ description: 'Title of the chapter.', example: 'At the lake' }),
})
export type Chapter = z.infer<typeof Chapter>

const Chapters = z.object({
  chapters: z.array(Chapter).meta({ description: 'The chapters, each starting later than the one before.' }),
})

/** Captions and chapters of a video. */
export const captions = {
  putCaptions: {
    summary: 'Add or replace captions',
    description:
      'Captions of one language, as WebVTT or SRT, up to 1 MiB. Text in UTF-16 or a Windows code page is converted to UTF-8, with a warning.',
    input: OneVideo.extend({
      lang: Language.meta({ description: 'Language tag (BCP 47).', example: 'pt-BR' }),
      label: CaptionLabel.optional().meta({ description: 'What the menu of a player shows.', example: 'Português' }),
      /** WebVTT or SRT. */
      text: z.string().max(MAX_CAPTION_BYTES),
    }),
    output: PutCaptions,
    errors: ['VIDEO_NOT_FOUND', 'CAPTIONS_INVALID', 'CAPTIONS_LIMIT_REACHED', 'QUOTA_EXCEEDED', 'VALIDATION_FAILED'],
    idempotent: true,
  },
  listCaptions: {
    summary: 'List the captions of a video',
    input: OneVideo,
    output: pageOf(Captions),
    errors: ['VIDEO_NOT_FOUND'],
    idempotent: true,
  },
  deleteCaptions: {
    summary: 'Delete captions',
    description: 'Deletes the captions of one language.',
    input: OneVideo.extend({ lang: Language.meta({ description: 'Language tag (BCP 47).', example: 'pt-BR' }) }),
    output: Nothing,
    errors: ['VIDEO_NOT_FOUND', 'CAPTIONS_NOT_FOUND', 'VALIDATION_FAILED'],
    idempotent: true,
  },
  putChapters: {
    summary: 'Set the chapters of a video',
    description: 'Replaces all chapters that the video has.',
    input: OneVideo.extend({
      chapters: z
        .array(Chapter)
        .min(1)
        .max(MAX_CHAPTERS)
        .refine((all) => all.every(({ start }, index) => index === 0 || start > (all[index - 1]?.start ?? 0)), {
          message: 'Each chapter must start later than the one before it',
        })
        .meta({ description: 'The chapters, each starting later than the one before.' }),
    }),
    output: Chapters,
    errors: ['VIDEO_NOT_FOUND', 'QUOTA_EXCEEDED'],
    idempotent: true,
  },
  getChapters: {
    summary: 'Get the chapters of a video',
    description: 'The list is empty if the video has no chapters.',
    input: OneVideo,
    output: Chapters,
    errors: ['VIDEO_NOT_FOUND'],
    idempotent: true,
  },
  deleteChapters: {
    summary: 'Delete the chapters of a video',
    input: OneVideo,
    output: Nothing,
    errors: ['VIDEO_NOT_FOUND'],
    idempotent: true,
  },
} as const satisfies Record<string, MethodSpec>
