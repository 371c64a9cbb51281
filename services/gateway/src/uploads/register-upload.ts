import type { CallOptions } from '@kinora/common/bus'
import type { Input } from '@kinora/common/contract'
import { media, type ResumableUpload, type Video } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { keys, type Written } from '@kinora/common/storage'
import type { Context } from '../context.ts'

export type FinishedUpload = Input<typeof media.completeUpload>

/**
 * Tells media of a source that is safely stored. Where media cannot be told now, a receipt is left in the store, which
 * media looks through by itself: an upload whose bytes are durable is never lost, whatever else is down.
 * @returns the video as media has it, or as it will be.
 */
export async function registerUpload(
  { rpc, store, logger, metrics }: Context,
  upload: FinishedUpload,
  before: Video,
  call: CallOptions,
): Promise<Video> {
  try {
    return await rpc(media.completeUpload, upload, call)
  } catch (error) {
    if (isRefusal(error)) {
      await store.remove(upload.storageKey)
      throw error
    }
    const userId = call.actor.kind === 'user' ? call.actor.userId : null
    await store.put(keys.receipt(upload.uploadId), JSON.stringify({ ...upload, userId }))
    metrics.uploadsUnregistered.inc()
    logger.warn({ err: error, uploadId: upload.uploadId }, 'upload stored, to be registered later')
    return asUploaded(before, upload)
  }
}

function asUploaded(video: Video, { filename, bytes, sha256 }: FinishedUpload): Video {
  const unknown = { container: null, durationSeconds: null, width: null, height: null, frameRate: null }
  return {
    ...video,
    status: 'uploaded',
    progress: { percent: 0, stage: 'waiting', etaSeconds: null },
    source: { filename, bytes, sha256, ...unknown, videoCodec: null, audioCodec: null },
    error: null,
  }
}

/** Media has decided; everything else means that it could not, or that nobody knows. */
export function isRefusal(error: unknown): boolean {
  return error instanceof AppError && error.status < 500
}

/**
 * Makes the source of an upload of which all bytes have arrived, and registers it. Several gateways may do so at once, or
 * again after one has died on the way.
 * @param last what the last request brought, hashed; spares reading it again where it was all
 */
export async function finishUpload(
  ctx: Context,
  upload: ResumableUpload,
  call: CallOptions,
  last?: Written,
): Promise<void> {
  if (!upload.finish) return
  try {
    await join(ctx, upload, upload.finish, call, last)
  } catch (error) {
    // Somebody else was faster, and the pieces are gone.
    const { completed } = await ctx.rpc(media.settleUpload, { uploadId: upload.uploadId }, call).catch(() => upload)
    if (!completed) throw error
  }
}

async function join(
  ctx: Context,
  { uploadId, videoId, bytes }: ResumableUpload,
  { pieces, storageKey, filename, video }: NonNullable<ResumableUpload['finish']>,
  call: CallOptions,
  last: Written | undefined,
): Promise<void> {
  const hashed = last?.bytes === bytes ? pieces.map((piece) => ({ ...piece, sha256: last.sha256 })) : pieces
  const written = await ctx.store.joinPieces(hashed, storageKey)
  if (written.bytes !== bytes) throw new Error(`an upload of ${bytes} bytes became a source of ${written.bytes}`)
  await registerUpload(ctx, { videoId, uploadId, storageKey, filename, ...written }, video, call)
}
