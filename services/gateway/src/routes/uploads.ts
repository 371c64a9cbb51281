import { media, OneVideo, Video } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { WriteOptions, Written } from '@kinora/common/storage'
import type { Request } from 'express'
import { z } from 'zod'
import type { Context } from '../context.ts'
import { sourceFilename } from '../http/content-disposition.ts'
import { sendJson } from '../http/mount.ts'
import { bodyBytes, MIN_BYTES_PER_SECOND, sendContinue } from '../http/read-body.ts'
import { parseFields } from '../http/read-input.ts'
import { abortOnRevocation, withKeepAlive } from '../uploads/body-guards.ts'
import { registerUpload } from '../uploads/register-upload.ts'
import { withSpeculativeSegments } from '../uploads/speculative-segments.ts'
import { type HandRoute, tagged } from './route.ts'

/** Quota stays reserved for a quarter of an hour after each `keepUpload`. */
const KEEP_MS = 60_000

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
    description: 'The body is the file itself, in one request. Processing begins when all bytes are stored.',
    params: OneVideo,
    headers: z.object({
      'Content-Disposition': z.string().optional().meta({
        description: 'File name (RFC 6266).',
        example: 'attachment; filename="holiday.mp4"',
      }),
    }),
    requestBody: { description: 'The file', contentType: 'video/*', binary: true },
    answers: { 202: { description: 'Stored; processing begins', content: { 'application/json': Video } } },
    errors: [
      ...media.beginUpload.errors,
      'UPLOAD_INCOMPLETE',
      'UPLOAD_EMPTY',
      'UNSUPPORTED_MEDIA_TYPE',
      'STORAGE_FULL',
    ],
    handle: putSource,
  },
])

/** Everything that can be refused is refused before the first byte is read. */
function putSource(ctx: Context): ReturnType<HandRoute['handle']> {
  return async (req, res, caller) => {
    const { call } = caller
    const { videoId } = parseFields(OneVideo, req.params)
    const announced = describeBody(req)
    const { uploadId, storageKey, maxBytes, video } = await ctx.rpc(media.beginUpload, { videoId, ...announced }, call)
    sendContinue(req, res)
    const limits = { maxBytes, expectedBytes: announced.bytes }
    // Errors are ignored: media decides at the end whether the upload is accepted.
    const keep = async () => void (await ctx.rpc(media.keepUpload, { uploadId }, call).catch(() => {}))
    const body = abortOnRevocation(bodyBytes(req, MIN_BYTES_PER_SECOND), caller, ctx, video.projectId)
    const started = { videoId, uploadId, totalBytes: announced.bytes, announcedBytes: announced.bytes }
    const chunks = withSpeculativeSegments(ctx, withKeepAlive(body, keep, KEEP_MS), started, call)
    const { bytes, sha256 } = await receive(ctx, storageKey, chunks, limits).catch((error) => {
      // Not awaited: quota that is not released here is released when the upload expires.
      ctx.rpc(media.abandonUpload, { uploadId }, call).catch(() => {})
      throw error
    })
    ctx.metrics.uploadedBytes.inc(bytes)
    const finished = { videoId, uploadId, storageKey, filename: announced.filename, bytes, sha256 }
    sendJson(res, 202, await registerUpload(ctx, finished, video, call))
  }
}

async function receive(
  { store }: Context,
  storageKey: string,
  body: AsyncIterable<Buffer>,
  limits: WriteOptions,
): Promise<Written> {
  const written = await store.write(storageKey, body, limits)
  if (written.bytes > 0) return written
  await store.remove(storageKey)
  throw new AppError('UPLOAD_EMPTY')
}

function describeBody(req: Request): { contentType: string | null; filename: string | null; bytes: number | null } {
  const { headers } = req
  if (headers['content-encoding'] !== undefined && headers['content-encoding'] !== 'identity') {
    throw new AppError('UNSUPPORTED_MEDIA_TYPE', { detail: 'Send the file itself, without a content encoding' })
  }
  // RFC 9110 section 14.5: part of a file must not be taken for the whole.
  if (headers['content-range'] !== undefined)
    throw new AppError('BAD_REQUEST', { detail: 'Send the file in one piece' })
  const chunked = headers['transfer-encoding'] !== undefined
  const bytes = chunked ? null : Number(headers['content-length'] ?? 0)
  if (bytes === 0) throw new AppError('UPLOAD_EMPTY')
  return {
    contentType: headers['content-type']?.slice(0, 200) ?? null,
    filename: sourceFilename(headers['content-disposition']),
    bytes,
  }
}
