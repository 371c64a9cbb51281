import type { CallOptions } from '@kinora/common/bus'
import type { Input } from '@kinora/common/contract'
import { media, type Video } from '@kinora/common/contracts'
import { keys } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import { isRefusal } from './is-refusal.ts'

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
