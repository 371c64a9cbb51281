import { type Declared, media, OneVideo, Video } from '@kinora/common/contracts'
import type { Request, Response } from 'express'
import { z } from 'zod'
import type { Context } from '../context.ts'
import type { Caller } from '../http/admission.ts'
import { sendJson } from '../http/mount.ts'
import { parseFields } from '../http/read-input.ts'
import { uploadComplete } from '../uploads/ietf.ts'
import { announcedFile, beginUpload } from '../uploads/ietf-requests.ts'
import { describeBody, RECEIVE_ERRORS, receiveSource } from '../uploads/receive-source.ts'
import { TUS_PATH } from '../uploads/tus.ts'
import { type HandRoute, tagged } from './route.ts'
import { BYTES_ERRORS, ietfHeaders, uploadAnswers } from './upload-protocols.ts'

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
      'The body is the file itself, in one request. Processing begins when all bytes are stored. With `Upload-Complete` it can be continued at `Location`, as in the IETF protocol. A video that is `ready` or `failed` gets the file in the place of its source: the old one plays on until the new one is ready; see `replacement` of the video.',
    params: OneVideo,
    headers: FileHeader.extend(ietfHeaders),
    requestBody: { description: 'The file', contentType: 'video/*', binary: true },
    answers: uploadAnswers(Video).create,
    errors: [...new Set([...media.createUpload.errors, ...RECEIVE_ERRORS, ...BYTES_ERRORS])],
    handle: putSource,
  },
])

/** Everything that can be refused is refused before the first byte is read. */
function putSource(ctx: Context): ReturnType<HandRoute['handle']> {
  return async (req, res, caller) => {
    const { videoId } = parseFields(OneVideo, req.params)
    if (uploadComplete(req) !== null) return await putPart(ctx, req, res, caller, videoId)
    const announced = describeBody(req)
    const begun = await ctx.rpc(media.beginUpload, { videoId, ...announced }, caller.call)
    sendJson(res, 202, await receiveSource(ctx, req, res, caller, { ...begun, announced }))
  }
}

/** The source, or the beginning of it, by the IETF protocol. */
async function putPart(ctx: Context, req: Request, res: Response, caller: Caller, videoId: string): Promise<void> {
  const create = (declared: Declared) => {
    const { given: _, ...file } = announcedFile(req)
    const input = parseFields(media.createUpload.input, { ...file, videoId, declared })
    return ctx.rpc(media.createUpload, input, caller.call)
  }
  await beginUpload(ctx, req, res, caller, { path: TUS_PATH, create })
}
