import { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { z } from 'zod'
import type { Context } from '../context.ts'
import { Reference } from '../playback/grants.ts'
import { sendStoredFile } from '../playback/send-stored-file.ts'
import { FILE_ERRORS, fileAnswers, type HandRoute, tagged } from './route.ts'

const Params = z.strictObject({
  reference: Reference.meta({
    description: 'Playback token, or the id of a public or unlisted video.',
    example: '01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55',
  }),
})

/** Seconds. It ends soon, and may end at any time. */
const MAX_AGE = 60

export const instantPlayback = tagged('Playback', [
  {
    method: 'get',
    auth: 'none',
    limit: 'playback',
    path: '/play/:reference/source',
    name: 'getPlayedSource',
    summary: 'Get the uploaded file',
    description:
      'Until the video can be played in any other way. For the owner, by the address in `playback.sourceUrl`; for others, where the video has `instantPlayback`, with its metadata blanked.',
    params: Params,
    answers: fileAnswers('The file, or what is left of it', { 'video/mp4': 'binary', 'video/webm': 'binary' }, [
      'Content-Disposition',
    ]),
    errors: [...media.authorizeSource.errors, 'PLAYBACK_DOMAIN_NOT_ALLOWED', ...FILE_ERRORS],
    handle: sendSource,
  },
])

/** Media is asked for each range, so that a link that was taken back gets no more of the file. */
function sendSource(ctx: Context): ReturnType<HandRoute['handle']> {
  return async (req, res, { call }) => {
    const reference = Reference.safeParse(req.params.reference)
    if (!reference.success) throw new AppError('VIDEO_NOT_FOUND')
    const { videoId, storageKey, contentType, blanks } = await ctx.rpc(
      media.authorizeSource,
      { reference: reference.data },
      call,
    )
    await ctx.allowedDomains.assertMayPlay(req, videoId)
    // A stranger's file under our own address: media elements play it, and nothing else of a browser opens it.
    res.setHeader('Content-Security-Policy', "sandbox; default-src 'none'; frame-ancestors 'none'")
    res.setHeader('Content-Disposition', 'attachment')
    const file = { key: storageKey, contentType, blanks, scope: 'private', maxAgeSeconds: MAX_AGE } as const
    await sendStoredFile(req, res, ctx, file)
  }
}
