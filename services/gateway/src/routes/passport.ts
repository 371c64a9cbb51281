import { media, OneVideo, Passport } from '@kinora/common/contracts'
import type { Context } from '../context.ts'
import { parseFields } from '../http/read-input.ts'
import { sendStoredFile } from '../playback/send-stored-file.ts'
import { FILE_ERRORS, fileAnswers } from './file-answers.ts'
import { type HandRoute, tagged } from './route.ts'

export const passport = tagged('Videos', [
  {
    method: 'get',
    path: '/v1/videos/:videoId/passport',
    auth: 'required',
    scope: 'videos:read',
    limit: 'general',
    name: 'getPassport',
    summary: 'Get the passport of a video',
    description:
      'What a ready video was made from and with which programs, the hashes of its files, and the result of its check.',
    params: OneVideo,
    answers: fileAnswers(
      'The passport, as it was written when the video became ready',
      { 'application/json': Passport },
      ['Repr-Digest'],
    ),
    errors: [...media.findPassport.errors, ...FILE_ERRORS],
    handle: sendPassport,
  },
])

/** From storage, byte for byte: `Repr-Digest` (RFC 9530) is that of the bytes that were written. */
function sendPassport(ctx: Context): ReturnType<HandRoute['handle']> {
  return async (req, res, { call }) => {
    const { videoId } = parseFields(OneVideo, req.params)
    const { storageKey, sha256 } = await ctx.rpc(media.findPassport, { videoId }, call)
    res.setHeader('Repr-Digest', `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`)
    const file = { key: storageKey, contentType: 'application/json', scope: 'private', maxAgeSeconds: 0 } as const
    await sendStoredFile(req, res, ctx.store, file)
  }
}
