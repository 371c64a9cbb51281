import { media, Passport } from '@kinora/common/contracts'
import { z } from 'zod'
import type { Context } from '../context.ts'
import { FILE_HEADERS } from '../http/openapi-headers.ts'
import { parseFields } from '../http/read-input.ts'
import { sendStoredFile } from '../playback/send-stored-file.ts'
import { type HandRoute, tagged } from './route.ts'

const Params = z.strictObject({ videoId: z.uuid().meta({ description: 'Id of the video.' }) })

export const passport = tagged('Videos', [
  {
    method: 'get',
    path: '/v1/videos/:videoId/passport',
    auth: 'required',
    scope: 'videos:read',
    limit: 'general',
    name: 'getPassport',
    summary: 'What a ready video was made from and with, the hashes of its files, and what its check found',
    params: Params,
    answers: {
      200: {
        description: 'The passport, as it was written when the video became ready',
        headers: [...FILE_HEADERS, 'Repr-Digest'],
        content: { 'application/json': Passport },
      },
      304: { description: 'Not modified', headers: [...FILE_HEADERS, 'Repr-Digest'] },
    },
    errors: [...media.findPassport.errors, 'FILE_NOT_FOUND'],
    handle: sendPassport,
  },
])

/** From storage, byte for byte: `Repr-Digest` (RFC 9530) is that of the bytes that were written. */
function sendPassport(ctx: Context): ReturnType<HandRoute['handle']> {
  return async (req, res, { call }) => {
    const { videoId } = parseFields(Params, req.params)
    const { storageKey, sha256 } = await ctx.rpc(media.findPassport, { videoId }, call)
    res.setHeader('Repr-Digest', `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`)
    const file = { key: storageKey, contentType: 'application/json', scope: 'private', maxAgeSeconds: 0 } as const
    await sendStoredFile(req, res, ctx.store, file)
  }
}
