import { type Declared, media, type ResumableUpload, type Video } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Request, Response } from 'express'
import type { Context } from '../context.ts'
import type { Caller } from '../http/admission.ts'
import { sendJson } from '../http/mount.ts'
import { announceResumption, assertPartialUpload, PARTIAL_UPLOAD, readDeclared, readOffset, setState } from './ietf.ts'
import { shownToVisitors } from './open-link.ts'
import { receivePart } from './receive-part.ts'
import { assertPlainBody, fileHeaders } from './receive-source.ts'
import { finishUpload, isRefusal } from './register-upload.ts'
import { describedFile } from './tus-requests.ts'

/** What the headers of a creation say of the file: `Upload-Metadata` as in tus, else those of an upload in one request. */
export function announcedFile(req: Request) {
  const { filename, contentType } = fileHeaders(req)
  const given = describedFile(req)
  // Some clients send parts of the file under this type from the beginning.
  const type = contentType === PARTIAL_UPLOAD ? null : contentType
  return { ...given, filename: given.filename ?? filename, contentType: given.contentType ?? type, bytes: null }
}

interface Place {
  /** Path below which the upload has its address. */
  path: string
  create(declared: Declared): Promise<ResumableUpload>
}

/** Answers a request that begins an upload, with its first bytes, all of them, or none. */
export async function beginUpload(
  ctx: Context,
  req: Request,
  res: Response,
  caller: Caller,
  { path, create }: Place,
): Promise<void> {
  const declared = readDeclared(req)
  assertPlainBody(req)
  const created = await create(declared)
  res.setHeader('Location', `${path}/${created.uploadId}`)
  res.setHeader('X-Video-Id', created.videoId)
  setState(res, created, false)
  const isAnnounced = announceResumption(req, res)
  if (declared.bytes === 0) return void res.status(201).end()
  const { uploadId } = created
  await receive(ctx, req, res, caller, { uploadId, offset: 0, declared }, 201).catch(async (error: unknown) => {
    // Nobody knows its address: it would only hold quota, and the use of a link, until it expires.
    if (!isAnnounced && isRefusal(error)) await ctx.rpc(media.abandonUpload, { uploadId }, caller.call).catch(() => {})
    throw error
  })
}

/** Answers PATCH. */
export async function appendBytes(
  ctx: Context,
  req: Request,
  res: Response,
  caller: Caller,
  uploadId: string,
): Promise<void> {
  assertPartialUpload(req, res)
  assertPlainBody(req)
  const at = { uploadId, offset: readOffset(req), declared: readDeclared(req) }
  await receive(ctx, req, res, caller, at, 204)
}

/** Answers HEAD. */
export async function sendState(ctx: Context, res: Response, { call }: Caller, uploadId: string): Promise<void> {
  const upload = await ctx.rpc(media.settleUpload, { uploadId }, call)
  await finishUpload(ctx, upload, call)
  setState(res, upload, upload.completed || upload.finish !== null)
  if (upload.lengthKnown) res.setHeader('Upload-Length', upload.bytes)
  res.setHeader('X-Video-Id', upload.videoId)
  res.setHeader('Cache-Control', 'no-store')
  res.status(204).end()
}

/** Receives a part. Once the upload is complete, the answer is that of an upload in one request. */
async function receive(
  ctx: Context,
  req: Request,
  res: Response,
  caller: Caller,
  at: { uploadId: string; offset: number; declared: Declared },
  acknowledged: 201 | 204,
): Promise<void> {
  const { upload, written, cause } = await receivePart(ctx, req, res, caller, at)
  if (cause instanceof AppError) throw cause
  setState(res, upload, false)
  res.setHeader('X-Video-Id', upload.videoId)
  const video = await finishUpload(ctx, upload, caller.call, written).catch((error: unknown) => {
    // All bytes have arrived, so that sending them again would not help.
    if (isRefusal(error)) res.setHeader('Upload-Complete', '?1')
    throw error
  })
  if (cause !== undefined) throw new AppError('UPLOAD_INCOMPLETE', { cause })
  if (!upload.finish && !upload.completed) return void res.status(acknowledged).end()
  res.setHeader('Upload-Complete', '?1')
  sendJson(res, 202, await shown(ctx, caller, upload, video))
}

/** The video as the caller may see it. */
async function shown(ctx: Context, { actor, call }: Caller, { videoId }: ResumableUpload, known: Video | null) {
  if (actor.kind !== 'upload-link') return known ?? (await ctx.rpc(media.getVideo, { videoId }, call))
  return known ? shownToVisitors(known) : await ctx.rpc(media.getLinkVideo, { videoId }, call)
}
