import {
  MAX_WATERMARK_BYTES,
  media,
  OneVideo,
  Watermark,
  WatermarkPlace,
  WatermarkPosition,
} from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { z } from 'zod'
import type { Context } from '../context.ts'
import type { Caller } from '../http/admission.ts'
import { sendJson } from '../http/mount.ts'
import { readBytes } from '../http/read-body.ts'
import { parseFields } from '../http/read-input.ts'
import { ImageLane } from '../playback/image-lane.ts'
import { isRefusal } from '../uploads/register-upload.ts'
import { normaliseImage } from '../watermarks/normalise-image.ts'
import { type HandRoute, tagged } from './route.ts'

const path = '/v1/videos/:videoId/watermark'
const write = { auth: 'required', scope: 'videos:write', project: 'edit', limit: 'general' } as const
const read = { auth: 'required', scope: 'videos:read', project: 'read', limit: 'general' } as const

const { opacity, width } = WatermarkPlace.shape
const Place = z.strictObject({
  position: WatermarkPosition.default('bottom-right').meta({
    description: 'Where on the video the watermark is placed.',
    example: 'bottom-right',
  }),
  opacity: z.coerce.number().pipe(opacity).default(1).meta({ description: 'Opacity from 0.05 to 1.', example: 0.8 }),
  width: z.coerce
    .number()
    .pipe(width)
    .default(10)
    .meta({ description: 'Width in percent of the width of the video.', example: 10 }),
})

/** Separate from the images that viewers wait for; one at a time for each account. */
const lane = new ImageLane({ perKey: 1, refusal: 'RATE_LIMITED' })

const PICTURE_TYPES = ['image/png', 'image/webp', 'image/jpeg']

export const watermarks = tagged('Watermarks', [
  {
    ...write,
    method: 'put',
    path,
    name: 'putWatermark',
    summary: media.putWatermark.summary,
    description: media.putWatermark.description,
    params: OneVideo,
    query: Place,
    requestBody: { description: 'PNG, WebP or JPEG, up to 2 MiB', contentType: 'image/png', binary: true },
    answers: { 200: { description: 'The watermark as it is stored', content: { 'application/json': Watermark } } },
    errors: [
      ...media.putWatermark.errors,
      ...(['WATERMARK_INVALID', 'BODY_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE', 'STORAGE_FULL'] as const),
    ],
    handle: putWatermark,
  },
  { ...read, method: 'get', path, rpc: media.getWatermark, status: 200 },
  { ...write, method: 'delete', path, rpc: media.deleteWatermark, status: 204 },
])

/** Calls media twice: before the body is read, and when the image is stored, because the source may have arrived meanwhile. */
function putWatermark(ctx: Context): ReturnType<HandRoute['handle']> {
  return async (req, res, caller) => {
    const { call } = caller
    const { videoId } = parseFields(OneVideo, req.params)
    const place = parseFields(Place, req.query)
    if (!req.is(PICTURE_TYPES) || req.headers['content-encoding'] !== undefined) {
      throw new AppError('UNSUPPORTED_MEDIA_TYPE', {
        detail: 'Send a PNG, WebP or JPEG image as the body, without a content encoding',
      })
    }
    const { pictureId, storageKey } = await ctx.rpc(media.beginWatermark, { videoId }, call)
    const { png, width, height } = await lane.hold(accountOf(caller), async (encode) => {
      const body = await readBytes(req, res, MAX_WATERMARK_BYTES)
      return await encode(() => normaliseImage(body))
    })
    await ctx.store.put(storageKey, png)
    const watermark = { videoId, pictureId, picture: { width, height, bytes: png.length }, ...place }
    const kept = await ctx.rpc(media.putWatermark, watermark, call).catch(async (error) => {
      if (isRefusal(error)) await ctx.store.remove(storageKey)
      throw error
    })
    sendJson(res, 200, kept)
  }
}

function accountOf({ call: { actor } }: Caller): string {
  return actor.kind === 'user' ? actor.userId : actor.kind
}
