import type { Storyboard } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { StorageKey } from '@kinora/common/storage'
import type { Request, Response } from 'express'
import { z } from 'zod'
import type { Context } from '../context.ts'
import type { Caller } from '../http/admission.ts'
import { parseFields } from '../http/read-input.ts'
import { GRANT_ERRORS, grantFor, type OpenedGrant, Reference, scopeOf } from '../playback/grants.ts'
import { listedWidth, PICTURE_TYPES } from '../playback/images.ts'
import { versionPrefix } from '../playback/played-file.ts'
import { sendStoredFile } from '../playback/send-stored-file.ts'
import { PLAYLIST_MAX_AGE_SECONDS, sendText } from '../playback/send-text.ts'
import {
  frameAt,
  PREVIEW_TYPES,
  PREVIEW_WIDTHS,
  preview,
  storyboardVtt,
  THUMBNAIL_WIDTHS,
  thumbnail,
} from '../playback/storyboard.ts'
import { FILE_ERRORS, fileAnswers, type HandRoute, tagged, textAnswers } from './route.ts'

const ReferenceParams = z.strictObject({
  reference: Reference.meta({
    description: 'Playback token, or the id of a public or unlisted video.',
    example: '01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55',
  }),
})
const ThumbnailParams = ReferenceParams.extend({
  format: z.enum(['jpg', 'webp', 'avif']).meta({ description: 'File format.', example: 'jpg' }),
})
const ThumbnailQuery = z.strictObject({
  /** Seconds. */
  time: z.coerce.number().min(0).max(604_800).default(0).meta({ description: 'Second of the video.', example: 12.5 }),
  width: listedWidth(THUMBNAIL_WIDTHS).default(320).meta({ description: 'Width in pixels.', example: 320 }),
})
const PreviewParams = ReferenceParams.extend({
  format: z.enum(['webp', 'gif']).meta({ description: 'File format.', example: 'webp' }),
})
const PreviewQuery = z.strictObject({
  width: listedWidth(PREVIEW_WIDTHS).default(320).meta({ description: 'Width in pixels.', example: 320 }),
})

/** Seconds. A storyboard is made once. */
const MAX_AGE = 86_400

const open = { method: 'get', auth: 'none', limit: 'playback' } as const
const errors = [...GRANT_ERRORS, ...FILE_ERRORS] as const

/** Small pictures of a video, all taken from its storyboard. */
export const pictures = tagged('Playback', [
  {
    ...open,
    path: '/play/:reference/storyboard.vtt',
    name: 'getStoryboard',
    summary: 'Get the storyboard of a video',
    description: 'Preview images for the time line of a player: WebVTT that names rectangles of sprite images.',
    params: ReferenceParams,
    answers: textAnswers('WebVTT', { 'text/vtt': 'text' }),
    errors,
    handle: sendStoryboard,
  },
  {
    ...open,
    path: '/play/:reference/thumbnail.:format',
    name: 'getThumbnail',
    summary: 'Get a thumbnail',
    description: 'The frame of the storyboard at `time`, or the nearest one before it.',
    params: ThumbnailParams,
    query: ThumbnailQuery,
    answers: fileAnswers('The picture', { 'image/jpeg': 'binary', 'image/webp': 'binary', 'image/avif': 'binary' }),
    errors,
    handle: sendThumbnail,
  },
  {
    ...open,
    path: '/play/:reference/preview.:format',
    name: 'getPreview',
    summary: 'Get an animated preview',
    description: 'A few seconds that lead through the whole video.',
    params: PreviewParams,
    query: PreviewQuery,
    answers: fileAnswers('An animation', { 'image/webp': 'binary', 'image/gif': 'binary' }),
    errors,
    handle: sendPreview,
  },
])

function sendStoryboard(ctx: Context): ReturnType<HandRoute['handle']> {
  return async (req, res, caller) => {
    const { grant, storyboard } = await findStoryboard(ctx, req, caller)
    const text = storyboardVtt(storyboard, `${ctx.addresses.folderFor(grant)}/${versionPrefix(grant.version)}`)
    const cacheControl = `private, max-age=${PLAYLIST_MAX_AGE_SECONDS}`
    await sendText(req, res, { text, contentType: 'text/vtt; charset=utf-8', cacheControl })
  }
}

function sendThumbnail(ctx: Context): ReturnType<HandRoute['handle']> {
  return async (req, res, caller) => {
    const { format } = parseFields(ThumbnailParams, req.params)
    const { time, width } = parseFields(ThumbnailQuery, req.query)
    const { storyboard, scope } = await findStoryboard(ctx, req, caller)
    const key = await thumbnail(ctx.store, storyboard, { index: frameAt(time, storyboard), width, format })
    await sendPicture(ctx, req, res, { key, contentType: PICTURE_TYPES[format], scope })
  }
}

function sendPreview(ctx: Context): ReturnType<HandRoute['handle']> {
  return async (req, res, caller) => {
    const { format } = parseFields(PreviewParams, req.params)
    const { width } = parseFields(PreviewQuery, req.query)
    const { storyboard, scope } = await findStoryboard(ctx, req, caller)
    const key = await preview(ctx.store, storyboard, { width, format })
    await sendPicture(ctx, req, res, { key, contentType: PREVIEW_TYPES[format], scope })
  }
}

async function findStoryboard(
  ctx: Context,
  req: Request,
  caller: Caller,
): Promise<{ grant: OpenedGrant; storyboard: Storyboard; scope: 'public' | 'private' }> {
  const grant = await grantFor(ctx, req, caller)
  if (!grant.storyboard) throw new AppError('FILE_NOT_FOUND')
  return { grant, storyboard: grant.storyboard, scope: scopeOf(grant) }
}

async function sendPicture(
  ctx: Context,
  req: Request,
  res: Response,
  file: { key: StorageKey; contentType: string; scope: 'public' | 'private' },
): Promise<void> {
  await sendStoredFile(req, res, ctx, { ...file, maxAgeSeconds: MAX_AGE })
}
