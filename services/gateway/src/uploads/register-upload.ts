import type { CallOptions } from '@kinora/common/bus'
import type { Input } from '@kinora/common/contract'
import { media, type ResumableUpload, type Video } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { keys, type Written } from '@kinora/common/storage'
import type { Context } from '../context.ts'

export type FinishedUpload = Input<typeof media.completeUpload>

/**
 * Registers a stored source with media. If media is unavailable, writes a receipt to the store, which media reads later: an
 * upload whose bytes are stored is never lost. If media refuses the source, removes it and throws the refusal.
 * @returns the video from media, or without media as it will be after registration
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
    const { actor } = call
    const userId = actor.kind === 'user' ? actor.userId : actor.kind === 'upload-link' ? actor.ownerId : null
    await store.put(keys.receipt(upload.uploadId), JSON.stringify({ ...upload, userId, projectId: before.projectId }))
    metrics.uploadsUnregistered.inc()
    logger.warn(
      { err: error, uploadId: upload.uploadId },
      'upload stored; media will register it later from its receipt',
    )
    return toUploaded(before, upload)
  }
}

function toUploaded(video: Video, { filename, bytes, sha256 }: FinishedUpload): Video {
  // A source that replaces another changes nothing before it is ready.
  if (video.source) return video
  const unknown = { container: null, durationSeconds: null, width: null, height: null, frameRate: null }
  return {
    ...video,
    status: 'uploaded',
    progress: { percent: 0, stage: 'waiting', etaSeconds: null },
    source: { filename, bytes, sha256, ...unknown, videoCodec: null, audioCodec: null, removedAt: null },
    error: null,
  }
}

/** Whether media refused a call. With any other error the call failed, or its outcome is unknown. */
export function isRefusal(error: unknown): boolean {
  return error instanceof AppError && error.status < 500
}

/**
 * Joins the parts of a complete upload into the source and registers it; does nothing if bytes are missing. Several
 * gateways may do this at once, and one may repeat it after another has crashed.
 * @returns the video; null where this call has not registered its source
 * @param last the part of the last request and its hash; if it is the whole upload, it is not read again
 */
export async function finishUpload(
  ctx: Context,
  upload: ResumableUpload,
  call: CallOptions,
  last?: Written,
): Promise<Video | null> {
  if (!upload.finish) return null
  try {
    return await join(ctx, upload, upload.finish, call, last)
  } catch (error) {
    // Another gateway may have finished it and removed the parts.
    const { completed } = await ctx.rpc(media.settleUpload, { uploadId: upload.uploadId }, call).catch(() => upload)
    if (!completed) throw error
    return null
  }
}

async function join(
  ctx: Context,
  { uploadId, videoId, bytes }: ResumableUpload,
  { pieces, storageKey, filename, video }: NonNullable<ResumableUpload['finish']>,
  call: CallOptions,
  last: Written | undefined,
): Promise<Video> {
  const hashed = last?.bytes === bytes ? pieces.map((piece) => ({ ...piece, sha256: last.sha256 })) : pieces
  const written = await ctx.store.joinPieces(hashed, storageKey)
  if (written.bytes !== bytes) throw new Error(`the upload has ${bytes} bytes, its source ${written.bytes}`)
  return await registerUpload(ctx, { videoId, uploadId, storageKey, filename, ...written }, video, call)
}
