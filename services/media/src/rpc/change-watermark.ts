import type { Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { keys } from '@kinora/common/storage'
import type { Transaction } from 'kysely'
import type { Context } from '../context.ts'
import type { MediaDb, VideoRow } from '../db/schema.ts'
import { assertOwner } from '../domain/visibility.ts'
import type { StoredWatermark } from '../domain/watermark.ts'
import { changeVideo } from '../operations/change-video.ts'
import { queueFileDeletion } from '../repositories/deletions.ts'
import { setWatermark } from '../repositories/watermarks.ts'
import { asWatermark } from './get-watermark.ts'

/** Of a picture that is in the store. */
export function putWatermark(ctx: Context): Handler<typeof media.putWatermark> {
  return async ({ videoId, pictureId, ...watermark }, { actor }) => {
    const stored = { ...watermark, key: keys.watermark(videoId, pictureId), createdAt: new Date().toISOString() }
    const changed = await changeVideo(ctx, videoId, async (tx, video) => {
      assertOwner(actor, video)
      await replace(tx, video, stored)
    })
    if (!changed) throw new AppError('VIDEO_NOT_FOUND')
    return asWatermark(stored)
  }
}

export function deleteWatermark(ctx: Context): Handler<typeof media.deleteWatermark> {
  return async ({ videoId }, { actor }) => {
    const changed = await changeVideo(ctx, videoId, async (tx, video) => {
      assertOwner(actor, video)
      if (!video.watermark) throw new AppError('WATERMARK_NOT_FOUND')
      await replace(tx, video, null)
    })
    if (!changed) throw new AppError('VIDEO_NOT_FOUND')
    return {}
  }
}

/** Only a head start may have been told of the picture before, and is not taken any more: it can go at once. */
async function replace(
  tx: Transaction<MediaDb>,
  { id, watermark: before }: VideoRow,
  watermark: StoredWatermark | null,
): Promise<void> {
  if (!(await setWatermark(tx, id, watermark))) throw new AppError('WATERMARK_TOO_LATE')
  // The same picture again: the first answer was lost.
  if (before && before.key !== watermark?.key) await queueFileDeletion(tx, before.key)
}
