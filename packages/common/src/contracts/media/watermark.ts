import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Id, Nothing, Timestamp } from '../shared.ts'
import { OneVideo } from './video.ts'

/** Of a picture as it is uploaded. */
export const MAX_WATERMARK_BYTES = 2 * 1024 * 1024

export const WatermarkPosition = z.enum(['top-left', 'top-right', 'bottom-left', 'bottom-right', 'center'])

/** How a picture lies over a video. */
export const WatermarkPlace = z.object({
  position: WatermarkPosition.meta({
    description: 'Where on the video the watermark is placed.',
    example: 'bottom-right',
  }),
  opacity: z
    .number()
    .min(0.05)
    .max(1)
    .meta({ description: 'Opacity, from nearly transparent to opaque.', example: 0.8 }),
  width: z.number().min(1).max(50).meta({ description: 'Width in percent of the width of the video.', example: 10 }),
})
export type WatermarkPlace = z.infer<typeof WatermarkPlace>

/** What a worker must know of it. */
export const Overlay = WatermarkPlace.extend({ pictureKey: z.string() })
export type Overlay = z.infer<typeof Overlay>

/** As it is kept, not as it came: made smaller, in pixels, and without what else stood in the file. */
const KeptPicture = z.object({
  width: z.number().int().positive().meta({ description: 'Width in pixels.', example: 320 }),
  height: z.number().int().positive().meta({ description: 'Height in pixels.', example: 80 }),
  bytes: z.number().int().positive().meta({ description: 'Size of the stored picture in bytes.', example: 14336 }),
})

export const Watermark = WatermarkPlace.extend({
  picture: KeptPicture.meta({ description: 'The picture as it is stored: scaled down and without metadata.' }),
  createdAt: Timestamp.meta({ description: 'When it was created (UTC).' }),
})
export type Watermark = z.infer<typeof Watermark>

/** A picture over a video, burnt in when it is encoded: it can change until the source is there. */
export const watermark = {
  beginWatermark: {
    summary: 'Ask whether and where the picture of a watermark may be written',
    input: OneVideo,
    output: z.object({ pictureId: Id, storageKey: z.string() }),
    errors: ['VIDEO_NOT_FOUND', 'WATERMARK_TOO_LATE'],
    // Nothing is kept of it.
    idempotent: true,
  },
  putWatermark: {
    summary: 'Set the watermark of a video',
    description:
      'An image that is burnt in when the video is encoded, so it must be set before the source is uploaded. PNG, WebP or JPEG, up to 2 MiB.',
    input: OneVideo.extend({
      pictureId: Id,
      picture: KeptPicture.meta({ description: 'The picture as it is stored: scaled down and without metadata.' }),
      ...WatermarkPlace.shape,
    }),
    output: Watermark,
    errors: ['VIDEO_NOT_FOUND', 'WATERMARK_TOO_LATE', 'QUOTA_EXCEEDED'],
    idempotent: true,
  },
  getWatermark: {
    summary: 'Get the watermark of a video',
    input: OneVideo,
    output: Watermark,
    errors: ['VIDEO_NOT_FOUND', 'WATERMARK_NOT_FOUND'],
    idempotent: true,
  },
  deleteWatermark: {
    summary: 'Delete the watermark of a video',
    description: 'Possible until the source of the video is uploaded.',
    input: OneVideo,
    output: Nothing,
    errors: ['VIDEO_NOT_FOUND', 'WATERMARK_NOT_FOUND', 'WATERMARK_TOO_LATE'],
    idempotent: true,
  },
} as const satisfies Record<string, MethodSpec>
