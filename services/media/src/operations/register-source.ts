import { AppError } from '@kinora/common/errors'
import { keys } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import type { Tx, VideoRow } from '../db/schema.ts'
import { probeTask } from '../domain/plan.ts'
import { shownFilename } from '../domain/source-type.ts'
import { isFolderDeleted, queueFileDeletion, queueFolderDeletion, queueQuarantine } from '../repositories/deletions.ts'
import { isErased } from '../repositories/erased-owners.ts'
import { addTasks } from '../repositories/tasks.ts'
import { completeUploadRow, deleteUploadRow } from '../repositories/uploads.ts'
import { changeVideo } from './change-video.ts'
import { transact } from './transact.ts'

export interface Upload {
  uploadId: string
  storageKey: string
  filename: string | null
  bytes: number
  sha256: string
}

/**
 * Registers a source of which all bytes are durable; once per upload, however often it is told. When the video has
 * another source or was deleted, the file is removed and the error says why. The file of a video that was never known
 * goes to quarantine.
 */
export async function registerUpload(
  ctx: Context,
  userId: string,
  { videoId, ...upload }: Upload & { videoId: string },
): Promise<VideoRow> {
  const { uploadId, storageKey } = upload
  if (storageKey !== keys.source(videoId, uploadId)) {
    throw new AppError('VALIDATION_FAILED', { fields: [{ path: 'storageKey', message: 'not the key of this upload' }] })
  }
  const changed = await changeVideo(ctx, videoId, async (tx, video) => {
    if (video.owner_id !== userId) throw new AppError('VIDEO_NOT_FOUND')
    if (video.upload_id === null) await registerSource(tx, video, upload)
    const lost = video.upload_id !== null && video.upload_id !== uploadId
    if (lost) await queueFileDeletion(tx, storageKey)
    await endUpload(tx, uploadId, lost)
    return { lost }
  })
  if (!changed) {
    await transact(ctx, async (tx) => {
      const wasDeleted = (await isFolderDeleted(tx, keys.sourceFolder(videoId))) || (await isErased(tx, userId))
      if (wasDeleted) await queueFileDeletion(tx, storageKey)
      else await queueQuarantine(tx, { key: storageKey, folder: false })
    })
    throw new AppError('VIDEO_NOT_FOUND')
  }
  if (changed.result.lost) throw new AppError('SOURCE_ALREADY_UPLOADED')
  return changed.video
}

/** Gives a video its source and its first task. */
export async function registerSource(tx: Tx, video: VideoRow, upload: Upload): Promise<void> {
  await tx
    .updateTable('videos')
    .set({
      upload_id: upload.uploadId,
      source_key: upload.storageKey,
      source_filename: shownFilename(upload.filename),
      source_bytes: upload.bytes,
      source_sha256: upload.sha256,
      status: 'uploaded',
    })
    .where('id', '=', video.id)
    .execute()
  await addTasks(tx, video.id, [probeTask(upload.storageKey)])
}

/**
 * The source is registered, and takes the place of what was reserved for it; or another upload was first. What came in
 * pieces is remembered for a while, for a client that did not hear the answer.
 */
async function endUpload(tx: Tx, uploadId: string, lost: boolean): Promise<void> {
  const row = await completeUploadRow(tx, uploadId)
  if (!row) return
  await queueFolderDeletion(tx, keys.pieces(row.video_id, uploadId), row.owner_id)
  if (lost || !row.resumable) await deleteUploadRow(tx, uploadId)
}
