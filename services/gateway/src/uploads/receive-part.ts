import { type Declared, media, type ResumableUpload } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Written } from '@kinora/common/storage'
import type { Request, Response } from 'express'
import type { Context } from '../context.ts'
import type { Caller } from '../http/admission.ts'
import { bodyBytes, bodyLength, MIN_BYTES_PER_SECOND, sendContinue } from '../http/read-body.ts'
import { abortOnRevocation, untilBroken, withKeepAlive } from './body-guards.ts'
import { withSpeculativeSegments } from './speculative-segments.ts'

const KEEP_MS = 5000

export interface Received {
  upload: ResumableUpload
  /** The bytes stored from this request; undefined if the upload was complete before it. */
  written?: Written
  /** The error that ended the request early; undefined if it was complete. */
  cause: unknown
}

/**
 * Stores the body of a request as the next part of an upload. If the request breaks off, everything that has arrived is
 * stored durably and counts. Throws `UPLOAD_TOO_LARGE` before reading, and the errors of media and of the store.
 */
export async function receivePart(
  ctx: Context,
  req: Request,
  res: Response,
  caller: Caller,
  at: { uploadId: string; offset: number; declared?: Declared | undefined },
): Promise<Received> {
  const { call } = caller
  const { uploadId, offset, declared } = at
  const begun = await ctx.rpc(media.beginPiece, at, call)
  const { videoId, projectId, pieceId, pieceKey, maxBytes, lengthKnown } = begun
  assertFits(req, maxBytes)
  if (maxBytes === 0) return { upload: await ctx.rpc(media.settleUpload, { uploadId }, call), cause: undefined }
  sendContinue(req, res)
  const keep = () => ctx.rpc(media.keepUpload, { uploadId, pieceId }, call)
  const body = abortOnRevocation(bodyBytes(req, MIN_BYTES_PER_SECOND), caller, ctx, projectId)
  const kept = withKeepAlive(body, keep, KEEP_MS)
  const totalBytes = lengthKnown ? maxBytes : null
  const started = { videoId, uploadId, totalBytes, announcedBytes: bodyLength(req) }
  const { chunks, cause } = untilBroken(offset === 0 ? withSpeculativeSegments(ctx, kept, started, call) : kept)
  const written = await ctx.store.writePiece(pieceKey, chunks, maxBytes).catch(async (error: unknown) => {
    if (!declared || !isTooLarge(error)) throw error
    // The draft demands that an upload with more bytes than it may have is no longer usable.
    await ctx.rpc(media.abandonUpload, { uploadId }, call)
    throw lengthKnown ? new AppError('UPLOAD_LENGTH_INCONSISTENT', { detail: BEYOND, cause: error }) : error
  })
  ctx.metrics.uploadedBytes.inc(written.bytes)
  // Media does not know its uploads any more, and would say only that.
  if (isLinkRevoked(cause())) throw cause()
  const last = declared?.complete === true && cause() === undefined
  return { upload: await ctx.rpc(media.endPiece, { uploadId, pieceId, last }, call), written, cause: cause() }
}

const BEYOND = 'More bytes came than the file has; the upload was removed'

function isTooLarge(error: unknown): boolean {
  return error instanceof AppError && error.code === 'UPLOAD_TOO_LARGE'
}

function isLinkRevoked(error: unknown): boolean {
  return error instanceof AppError && error.code === 'UPLOAD_LINK_REVOKED'
}

function assertFits(req: Request, maxBytes: number): void {
  const announced = bodyLength(req) ?? 0
  if (announced <= maxBytes) return
  throw new AppError('UPLOAD_TOO_LARGE', {
    detail: `The upload has ${maxBytes} bytes left; this request has ${announced}`,
  })
}
