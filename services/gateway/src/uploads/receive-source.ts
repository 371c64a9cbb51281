import type { Output } from '@kinora/common/contract'
import { media, type Video } from '@kinora/common/contracts'
import { AppError, type ErrorCode } from '@kinora/common/errors'
import type { WriteOptions, Written } from '@kinora/common/storage'
import type { Request, Response } from 'express'
import type { Context } from '../context.ts'
import type { Caller } from '../http/admission.ts'
import { sourceFilename } from '../http/content-disposition.ts'
import { bodyBytes, bodyLength, MIN_BYTES_PER_SECOND, sendContinue } from '../http/read-body.ts'
import { abortOnRevocation, withKeepAlive } from './body-guards.ts'
import { registerUpload } from './register-upload.ts'
import { withSpeculativeSegments } from './speculative-segments.ts'

/** Quota stays reserved for a quarter of an hour after each `keepUpload`. */
const KEEP_MS = 60_000
/** By a link more often, because it also finds out whether the link was revoked, where its event was missed. */
const LINK_KEEP_MS = 5000

export interface AnnouncedBody {
  contentType: string | null
  filename: string | null
  /** Null for a chunked body. */
  bytes: number | null
}

/** What can be wrong with a file that a request sends. */
export const RECEIVE_ERRORS = [
  'UPLOAD_INCOMPLETE',
  'UPLOAD_EMPTY',
  'UNSUPPORTED_MEDIA_TYPE',
  'STORAGE_FULL',
] as const satisfies ErrorCode[]

/** Stores the body of a request as the source of a video, whose upload has begun, and registers it. */
export async function receiveSource(
  ctx: Context,
  req: Request,
  res: Response,
  caller: Caller,
  begun: Output<typeof media.beginUpload> & { announced: AnnouncedBody },
): Promise<Video> {
  const { call } = caller
  const { uploadId, storageKey, maxBytes, video, announced } = begun
  const started = { videoId: video.id, uploadId, totalBytes: announced.bytes, announcedBytes: announced.bytes }
  const { bytes, sha256 } = await receiveFile(ctx, req, res, caller, {
    ...{ uploadId, storageKey, maxBytes, expectedBytes: announced.bytes, projectId: video.projectId },
    through: (chunks) => withSpeculativeSegments(ctx, chunks, started, call),
  })
  const finished = { videoId: video.id, uploadId, storageKey, filename: announced.filename, bytes, sha256 }
  return await registerUpload(ctx, finished, video, call)
}

interface ReceivedFile {
  uploadId: string
  storageKey: string
  maxBytes: number
  /** Null for a chunked body. */
  expectedBytes: number | null
  projectId: string
  /** Looks at the chunks on their way to the store. */
  through?: (chunks: AsyncIterable<Buffer>) => AsyncIterable<Buffer>
}

/** Stores the body of a request, whose upload has begun. If that fails, the upload is abandoned. */
export async function receiveFile(
  ctx: Context,
  req: Request,
  res: Response,
  caller: Caller,
  { uploadId, storageKey, projectId, through = (chunks) => chunks, ...limits }: ReceivedFile,
): Promise<Written> {
  const { call } = caller
  const isByLink = caller.actor.kind === 'upload-link'
  sendContinue(req, res)
  const keepAlive = async () => void (await ctx.rpc(media.keepUpload, { uploadId }, call))
  // Errors are ignored: media decides at the end whether the upload is accepted.
  const keep = isByLink ? keepAlive : () => keepAlive().catch(() => {})
  const body = abortOnRevocation(bodyBytes(req, MIN_BYTES_PER_SECOND), caller, ctx, projectId)
  const chunks = through(withKeepAlive(body, keep, isByLink ? LINK_KEEP_MS : KEEP_MS))
  const written = await store(ctx, storageKey, chunks, limits).catch(async (error) => {
    const abandoned = ctx.rpc(media.abandonUpload, { uploadId }, call).catch(() => {})
    // The next try needs the use of the link. Otherwise not awaited: what is not released here is when the upload expires.
    if (isByLink) await abandoned
    throw error
  })
  ctx.metrics.uploadedBytes.inc(written.bytes)
  return written
}

async function store(
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

/** Throws for a body that is not the bytes of a file as they are, or only a range of them. */
export function assertPlainBody({ headers }: Request): void {
  if (headers['content-encoding'] !== undefined && headers['content-encoding'] !== 'identity') {
    throw new AppError('UNSUPPORTED_MEDIA_TYPE', { detail: 'Send the file itself, without a content encoding' })
  }
  // RFC 9110 section 14.5: part of a file must not be taken for the whole.
  if (headers['content-range'] !== undefined)
    throw new AppError('BAD_REQUEST', { detail: 'Send the file in one piece' })
}

export function describeBody(req: Request): AnnouncedBody {
  assertPlainBody(req)
  const bytes = bodyLength(req)
  if (bytes === 0) throw new AppError('UPLOAD_EMPTY')
  return { ...fileHeaders(req), bytes }
}

export function fileHeaders({ headers }: Request): Omit<AnnouncedBody, 'bytes'> {
  return {
    contentType: headers['content-type']?.slice(0, 200) ?? null,
    filename: sourceFilename(headers['content-disposition']),
  }
}
