import { randomUUID } from 'node:crypto'
import type { Handler } from '@kinora/common/contract'
import type { media, Watermark } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { keys } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import type { Tx, VideoRow } from '../db/schema.ts'
import type { StoredWatermark } from '../db/stored.ts'
import { assertWithin } from '../domain/clip.ts'
import { assertOwner } from '../domain/visibility.ts'
import { changeVideo } from '../operations/change-video.ts'
import { queueFileDeletion } from '../repositories/deletions.ts'
import { remakePoster, setWatermark } from '../repositories/pictures.ts'
import { findVideo } from '../repositories/videos.ts'
import { asVideo } from './video-view.ts'

/** The wish is a new attempt at the task that made the first one, so of two wishes the later one wins. */
export function choosePoster(ctx: Context): Handler<typeof media.choosePoster> {
  return async ({ videoId, time }, { actor }) => {
    const changed = await changeVideo(ctx, videoId, async (tx, video) => {
      assertOwner(actor, video)
      if (!video.playable || !video.plan) throw new AppError('PLAYBACK_NOT_READY')
      assertWithin(video.plan, 'time', time)
      const { frameCount, frameRate } = video.plan
      const last = ((frameCount - 1) * frameRate.den) / frameRate.num
      if (!(await remakePoster(tx, videoId, Math.min(time, last)))) throw new AppError('PLAYBACK_NOT_READY')
    })
    if (!changed) throw new AppError('VIDEO_NOT_FOUND')
    return asVideo(ctx, changed.video, actor)
  }
}

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
async function replace(tx: Tx, { id, watermark: before }: VideoRow, watermark: StoredWatermark | null): Promise<void> {
  if (!(await setWatermark(tx, id, watermark))) throw new AppError('WATERMARK_TOO_LATE')
  // The same picture again: the first answer was lost.
  if (before && before.key !== watermark?.key) await queueFileDeletion(tx, before.key)
}

/** Asked before a picture is read: who may not change the watermark sends none. It is decided when the picture is there. */
export function beginWatermark({ db }: Context): Handler<typeof media.beginWatermark> {
  return async ({ videoId }, { actor }) => {
    const video = await findVideo(db, videoId)
    if (!video) throw new AppError('VIDEO_NOT_FOUND')
    assertOwner(actor, video)
    if (video.upload_id !== null) throw new AppError('WATERMARK_TOO_LATE')
    const pictureId = randomUUID()
    return { pictureId, storageKey: keys.watermark(videoId, pictureId) }
  }
}

export function getWatermark({ db }: Context): Handler<typeof media.getWatermark> {
  return async ({ videoId }, { actor }) => {
    const video = await findVideo(db, videoId)
    if (!video) throw new AppError('VIDEO_NOT_FOUND')
    assertOwner(actor, video)
    if (!video.watermark) throw new AppError('WATERMARK_NOT_FOUND')
    return asWatermark(video.watermark)
  }
}

function asWatermark({ key: _, ...watermark }: StoredWatermark): Watermark {
  return watermark
}
