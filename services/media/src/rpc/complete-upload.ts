import type { Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { keys } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import type { VideoRow } from '../db/schema.ts'
import { userOf } from '../domain/visibility.ts'
import { changeVideo } from '../operations/change-video.ts'
import { endUpload, registerSource, type Upload } from '../operations/plan-source.ts'
import { isFolderDeleted, queueFileDeletion, queueQuarantine } from '../repositories/deletions.ts'
import { isErased } from '../repositories/erased-owners.ts'
import { asVideo } from './as-video.ts'

export function completeUpload(ctx: Context): Handler<typeof media.completeUpload> {
  return async (input, { actor }) => asVideo(ctx, await registerUpload(ctx, userOf(actor), input), actor)
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
    await ctx.db.transaction().execute(async (tx) => {
      const wasDeleted = (await isFolderDeleted(tx, keys.sourceFolder(videoId))) || (await isErased(tx, userId))
      if (wasDeleted) await queueFileDeletion(tx, storageKey)
      else await queueQuarantine(tx, { key: storageKey, folder: false })
    })
    throw new AppError('VIDEO_NOT_FOUND')
  }
  if (changed.result.lost) throw new AppError('SOURCE_ALREADY_UPLOADED')
  return changed.video
}
