import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Id } from '../shared.ts'
import { Video } from '../video.ts'

const OneVideo = z.strictObject({ videoId: Id.meta({ description: 'Id of the video.' }) })

/** What belongs to a video beside sound and picture. */
export const presentation = {
  choosePoster: {
    summary: 'Make another poster, of the picture at this time; the present one stays until the new one is there',
    input: OneVideo.extend({
      time: z
        .number()
        .min(0)
        .max(604_800)
        .meta({ description: 'Second of the video to take the poster from.', example: 12.5 }),
    }),
    output: Video,
    errors: ['VIDEO_NOT_FOUND', 'PLAYBACK_NOT_READY'],
    // Done twice, the second one counts, and is the same.
    idempotent: true,
  },
} as const satisfies Record<string, MethodSpec>
