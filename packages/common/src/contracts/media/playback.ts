import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Id } from '../shared.ts'
import { Video } from '../video.ts'
import { Title } from './video-text.ts'

/** What is made of a video that is ready. */
export const outputs = {
  prepareDownload: {
    summary: 'Where a rendition is as one file; it is made when it is asked for first',
    input: z.strictObject({
      /** A playback token that allows downloads. */
      reference: z.string().min(1).max(1024).meta({
        description: 'Playback token, or the id of a public or unlisted video.',
        example: '01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55',
      }),
      /** Of the rendition, by its short side. */
      height: z.number().int().min(1).max(99_999),
    }),
    output: z.discriminatedUnion('status', [
      z.object({ status: z.literal('preparing') }),
      z.object({
        status: z.literal('ready'),
        storageKey: z.string(),
        title: z
          .string()
          .meta({ description: 'Title of the clip; without it that of the source.', example: 'Highlights' }),
      }),
    ]),
    errors: [
      ...(['VIDEO_NOT_FOUND', 'PLAYBACK_DENIED', 'PLAYBACK_NOT_READY', 'VIDEO_NOT_READY'] as const),
      ...(['DOWNLOAD_DENIED', 'DOWNLOAD_FAILED', 'FILE_NOT_FOUND'] as const),
    ],
    idempotent: true,
  },
  createClip: {
    summary: 'Make a private video of a part of one that is ready; it needs that one no longer',
    input: z.strictObject({
      videoId: Id.meta({ description: 'Id of the video.' }),
      start: z.number().min(0).max(1_000_000).meta({
        description: 'Second of the source at which the clip starts, moved to the nearest frame.',
        example: 12.5,
      }),
      end: z
        .number()
        .positive()
        .max(1_000_000)
        .meta({ description: 'Second of the source at which the clip ends, moved to the nearest frame.', example: 42 }),
      title: Title.optional().meta({
        description: 'Title of the clip; without it that of the source.',
        example: 'Highlights',
      }),
    }),
    output: Video,
    errors: ['VIDEO_NOT_FOUND', 'VIDEO_NOT_READY', 'ACCOUNT_ERASED', 'QUOTA_EXCEEDED', 'UPLOAD_TOO_LARGE'],
    idempotent: false,
  },
} as const satisfies Record<string, MethodSpec>
