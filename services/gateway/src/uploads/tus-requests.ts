import { type Declared, media, type ResumableUpload } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Request, Response } from 'express'
import type { Context } from '../context.ts'
import type { Caller } from '../http/admission.ts'
import { cleanFilename } from '../http/content-disposition.ts'
import { bodyLength } from '../http/read-body.ts'
import { receivePart } from './receive-part.ts'
import { finishUpload } from './register-upload.ts'
import { assertOffsetStream, httpDate, numberHeader, parseUploadMetadata } from './tus.ts'

/** What the headers of a creation say of the file. */
export function announcedUpload(req: Request) {
  if (req.headers['upload-defer-length'] !== undefined) {
    const message = 'is not supported: give Upload-Length'
    throw new AppError('VALIDATION_FAILED', { fields: [{ path: 'Upload-Defer-Length', message }] })
  }
  const bytes = numberHeader(req, 'Upload-Length')
  if (bytes === 0) throw new AppError('UPLOAD_EMPTY')
  return { ...describedFile(req), bytes }
}

/** The file by `Upload-Metadata`; `given` are all its pairs. */
export function describedFile(req: Request) {
  const header = req.headers['upload-metadata']?.toString()
  const given = parseUploadMetadata(header)
  const filename = given.get('filename')
  return {
    given,
    filename: filename ? cleanFilename(filename) : null,
    contentType: given.get('filetype') || null,
    metadata: header ?? null,
  }
}

/** Answers a creation; the upload has its address below `path`. */
export function sendCreated(res: Response, path: string, created: ResumableUpload): void {
  res.setHeader('Location', `${path}/${created.uploadId}`)
  res.setHeader('Upload-Expires', httpDate(created.expiresAt))
  res.setHeader('X-Video-Id', created.videoId)
  res.status(201).end()
}

/** Answers HEAD. */
export async function sendOffset(ctx: Context, res: Response, { call }: Caller, uploadId: string): Promise<void> {
  // A client that is told that all bytes have arrived sends no further request.
  const upload = await ctx.rpc(media.settleUpload, { uploadId, wholeByLength: true }, call)
  await finishUpload(ctx, upload, call)
  res.setHeader('Upload-Offset', upload.offset)
  if (upload.lengthKnown) res.setHeader('Upload-Length', upload.bytes)
  else res.setHeader('Upload-Defer-Length', '1')
  res.setHeader('Upload-Expires', httpDate(upload.expiresAt))
  res.setHeader('X-Video-Id', upload.videoId)
  if (upload.metadata !== null) res.setHeader('Upload-Metadata', upload.metadata)
  res.status(200).end()
}

/** Answers PATCH. */
export async function receiveBytes(
  ctx: Context,
  req: Request,
  res: Response,
  caller: Caller,
  uploadId: string,
): Promise<void> {
  assertOffsetStream(req)
  const at = { uploadId, offset: numberHeader(req, 'Upload-Offset'), declared: lengthOf(req) }
  const { upload, written, cause } = await receivePart(ctx, req, res, caller, at)
  if (cause instanceof AppError) throw cause
  await finishUpload(ctx, upload, caller.call, written)
  if (cause !== undefined) throw new AppError('UPLOAD_INCOMPLETE', { cause })
  res.setHeader('Upload-Offset', upload.offset)
  res.setHeader('Upload-Expires', httpDate(upload.expiresAt))
  res.status(204).end()
}

/** The length of an upload that was begun by the IETF protocol without one may be given with a part. */
function lengthOf(req: Request): Declared | undefined {
  if (req.headers['upload-length'] === undefined) return undefined
  return { length: numberHeader(req, 'Upload-Length'), bytes: bodyLength(req), complete: null }
}

/** Answers DELETE. */
export async function abandonUpload(ctx: Context, res: Response, { call }: Caller, uploadId: string): Promise<void> {
  await ctx.rpc(media.abandonUpload, { uploadId }, call)
  res.status(204).end()
}
