import { media, OneVideo, Video } from '@kinora/common/contracts'
import { z } from 'zod'
import type { Context } from '../context.ts'
import { sendJson } from '../http/mount.ts'
import { parseFields } from '../http/read-input.ts'
import { describeBody, RECEIVE_ERRORS, receiveSource } from '../uploads/receive-source.ts'
import { type HandRoute, tagged } from './route.ts'

export const FileHeader = z.object({
  'Content-Disposition': z.string().optional().meta({
    description: 'File name (RFC 6266).',
    example: 'attachment; filename="holiday.mp4"',
  }),
})

export const uploads = tagged('Uploads', [
  {
    method: 'put',
    path: '/v1/videos/:videoId/source',
    auth: 'required',
    scope: 'videos:write',
    project: 'edit',
    limit: 'upload',
    name: 'putSource',
    summary: 'Upload the source of a video',
    description:
      'The body is the file itself, in one request. Processing begins when all bytes are stored. A video that is `ready` or `failed` gets the file in the place of its source: the old one plays on until the new one is ready; see `replacement` of the video.',
    params: OneVideo,
    headers: FileHeader,
    requestBody: { description: 'The file', contentType: 'video/*', binary: true },
    answers: { 202: { description: 'Stored; processing begins', content: { 'application/json': Video } } },
    errors: [...media.beginUpload.errors, ...RECEIVE_ERRORS],
    handle: putSource,
  },
])

/** Everything that can be refused is refused before the first byte is read. */
function putSource(ctx: Context): ReturnType<HandRoute['handle']> {
  return async (req, res, caller) => {
    const { videoId } = parseFields(OneVideo, req.params)
    const announced = describeBody(req)
    const begun = await ctx.rpc(media.beginUpload, { videoId, ...announced }, caller.call)
    sendJson(res, 202, await receiveSource(ctx, req, res, caller, { ...begun, announced }))
  }
}
