import { AudioTrackId, media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { z } from 'zod'
import type { Context } from '../context.ts'
import { attachment } from '../http/content-disposition.ts'
import { sendJson } from '../http/mount.ts'
import { parseFields } from '../http/read-input.ts'
import { isHandedOver, sendStoredFile } from '../playback/send-stored-file.ts'
import { type Answer, FILE_ERRORS, fileAnswers, type HandRoute, tagged } from './route.ts'

const Params = z.strictObject({
  reference: z
    .string()
    .regex(/^[\w.~-]{1,1024}$/)
    .meta({
      description: 'Playback token, or the id of a public or unlisted video.',
      example: '01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55',
    }),
  height: z.coerce
    .number()
    .int()
    .min(1)
    .max(99_999)
    .meta({ description: 'Height of the rendition in pixels.', example: 720 }),
})
const Query = z.strictObject({
  audio: AudioTrackId.optional().meta({
    description: 'Id of the audio track, as `audioTracks` of the video has it; without it, the default one.',
    example: '2',
  }),
})
const Preparing = z.object({
  status: z.literal('preparing').meta({ description: 'Always `preparing`.', example: 'preparing' }),
})
const RETRY_AFTER_SECONDS = 2
const PREPARING: Answer = {
  description: 'The file is being made; ask again after Retry-After seconds',
  headers: ['Retry-After'],
  content: { 'application/json': Preparing },
}
/** Without a height, the audio alone. */
const AnyParams = Params.partial({ height: true })

export const downloads = tagged('Playback', [
  {
    method: 'get',
    auth: 'none',
    limit: 'playback',
    path: '/play/:reference/download/:height.mp4',
    name: 'downloadRendition',
    summary: 'Download a rendition',
    description:
      'Video and audio as one MP4 file, with the audio track that `audio` names, for links that allow downloads. The first request answers 202 while the file is prepared.',
    params: Params,
    query: Query,
    answers: {
      ...fileAnswers('The whole file', { 'video/mp4': 'binary' }, ['Content-Disposition']),
      202: PREPARING,
    },
    errors: [...media.prepareDownload.errors, 'PLAYBACK_DOMAIN_NOT_ALLOWED', ...FILE_ERRORS],
    handle: sendDownload,
  },
  {
    method: 'get',
    auth: 'none',
    limit: 'playback',
    path: '/play/:reference/download/audio.m4a',
    name: 'downloadAudio',
    summary: 'Download an audio track',
    description:
      'The audio alone as one M4A file, for links that allow downloads. The first request answers 202 while the file is prepared.',
    params: Params.omit({ height: true }),
    query: Query,
    answers: {
      ...fileAnswers('The whole file', { 'audio/mp4': 'binary' }, ['Content-Disposition']),
      202: PREPARING,
    },
    errors: [...media.prepareDownload.errors, 'PLAYBACK_DOMAIN_NOT_ALLOWED', ...FILE_ERRORS],
    handle: sendDownload,
  },
])

/** Media is asked each time, so a link that was taken back downloads nothing more. */
function sendDownload(ctx: Context): ReturnType<HandRoute['handle']> {
  return async (req, res, { call }) => {
    const params = AnyParams.safeParse(req.params)
    // Like any other file that is not there.
    if (!params.success) throw new AppError('FILE_NOT_FOUND')
    const { reference, height } = params.data
    const query = parseFields(Query, req.query)
    const file = await ctx.rpc(
      media.prepareDownload,
      { reference, ...(height !== undefined && { height }), ...query },
      call,
    )
    await ctx.allowedDomains.assertMayPlay(req, file.videoId)
    if (file.status === 'preparing') {
      res.setHeader('Retry-After', RETRY_AFTER_SECONDS)
      res.setHeader('Cache-Control', 'no-store')
      return sendJson(res, 202, { status: file.status })
    }
    const [suffix, contentType] = height === undefined ? ['.m4a', 'audio/mp4'] : [` ${height}p.mp4`, 'video/mp4']
    res.setHeader('Content-Disposition', attachment(file.title, suffix))
    await sendStoredFile(req, res, ctx, {
      key: file.storageKey,
      contentType,
      scope: 'private',
      traffic: 'download',
      handOver: isHandedOver(req, ctx.config.DELIVERY_SECRET),
    })
  }
}
