import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Id, Nothing, Timestamp } from '../shared.ts'
import { OneVideo } from './video.ts'

/** Largest image that is accepted. */
export const MAX_WATERMARK_BYTES = 2 * 1024 * 1024

export const WatermarkPosition = z.enum(['top-left', 'top-right', 'bottom-left', 'bottom-right', 'center'])

/** Position, opacity and size of a watermark. */
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

/** The watermark of a task, for workers. */
export const Overlay = WatermarkPlace.extend({ pictureKey: z.string() })
export type Overlay = z.infer<typeof Overlay>

/** The stored image: scaled down, and without the metadata of the uploaded file. */
const StoredImage = z.object({
  width: z.number().int().positive().meta({ description: 'Width in pixels.', example: 320 }),
  height: z.number().int().positive().meta({ description: 'Height in pixels.', example: 80 }),
  bytes: z.number().int().positive().meta({ description: 'Size of the stored image in bytes.', example: 14336 }),
})

export const Watermark = WatermarkPlace.extend({
  picture: StoredImage.meta({ description: 'The image as it is stored: scaled down and without metadata.' }),
  createdAt: Timestamp.meta({ description: 'When it was created (UTC).' }),
})
export type Watermark = z.infer<typeof Watermark>

/** An image that is burnt into a video when it is encoded; it can be changed until the source is uploaded. */
export const watermark = {
  beginWatermark: {
    summary: 'Begin the upload of a watermark; answers where its image is written',
    input: OneVideo,
    output: z.object({ pictureId: Id, storageKey: z.string() }),
    errors: ['VIDEO_NOT_FOUND', 'WATERMARK_TOO_LATE'],
    // It stores nothing.
    idempotent: true,
  },
  putWatermark: {
    summary: 'Set the watermark of a video',
    description:
      'An image that is burnt in when the video is encoded, so it must be set before the source is uploaded. PNG, WebP or JPEG, up to 2 MiB.',
    input: OneVideo.extend({
      pictureId: Id,
      picture: StoredImage.meta({ description: 'The image as it is stored: scaled down and without metadata.' }),
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
