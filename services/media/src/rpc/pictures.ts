import { randomUUID } from 'node:crypto'
import type { Handler } from '@kinora/common/contract'
import type { media, Watermark } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { keys } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import type { Tx, VideoRow } from '../db/schema.ts'
import type { StoredWatermark } from '../db/stored.ts'
import { assertWithin } from '../domain/clip.ts'
import { kindOf } from '../domain/video-facts.ts'
import { assertQuotaKept } from '../operations/limits.ts'
import { assertSourceStored } from '../operations/remove-source.ts'
import { queueFileDeletion } from '../repositories/deletions.ts'
import { restartPoster, setWatermark } from '../repositories/pictures.ts'
import { byEditor, byMember, changeOwnVideo } from './guards.ts'
import { toVideo } from './video-view.ts'

/** Starts a new attempt of the poster task, so that of two choices the later one counts. */
export function choosePoster(ctx: Context): Handler<typeof media.choosePoster> {
  return async ({ videoId, time }, call) => {
    const { video } = await changeOwnVideo(ctx, videoId, call, async (tx, before) => {
      const { playable, plan, facts } = before
      if (!playable || !plan) throw new AppError('PLAYBACK_NOT_READY')
      if (kindOf({ facts }) === 'audio') throw new AppError('VIDEO_WITHOUT_FRAMES')
      assertSourceStored(before)
      assertWithin(plan, 'time', time)
      const { frameCount, frameRate } = plan
      const last = ((frameCount - 1) * frameRate.den) / frameRate.num
      if (!(await restartPoster(tx, videoId, Math.min(time, last)))) throw new AppError('PLAYBACK_NOT_READY')
    })
    return toVideo(ctx, video, call.actor)
  }
}

/** Sets a watermark whose picture is in the store. */
export function putWatermark(ctx: Context): Handler<typeof media.putWatermark> {
  return async ({ videoId, pictureId, ...watermark }, call) => {
    const stored = { ...watermark, key: keys.watermark(videoId, pictureId), createdAt: ctx.now().toISOString() }
    await changeOwnVideo(ctx, videoId, call, async (tx, video) => {
      await replace(tx, video, stored)
      await assertQuotaKept(ctx, tx, video.project_id)
    })
    return toWatermark(stored)
  }
}

export function deleteWatermark(ctx: Context): Handler<typeof media.deleteWatermark> {
  return async ({ videoId }, call) => {
    await changeOwnVideo(ctx, videoId, call, async (tx, video) => {
      if (!video.watermark) throw new AppError('WATERMARK_NOT_FOUND')
      await replace(tx, video, null)
    })
    return {}
  }
}

/** The old picture is deleted at once: only speculative tasks may use it, and they no longer match the plan. */
async function replace(tx: Tx, { id, watermark: before }: VideoRow, watermark: StoredWatermark | null): Promise<void> {
  if (!(await setWatermark(tx, id, watermark))) throw new AppError('WATERMARK_TOO_LATE')
  // The same picture in a repeated call, whose first response was lost, must stay.
  if (before && before.key !== watermark?.key) await queueFileDeletion(tx, before.key)
}

/** Called before a picture is received, so that callers without the right to set it send none. `putWatermark` decides. */
export function beginWatermark(ctx: Context): Handler<typeof media.beginWatermark> {
  return byEditor<typeof media.beginWatermark>(ctx, async ({ videoId }, video) => {
    if (video.upload_id !== null) throw new AppError('WATERMARK_TOO_LATE')
    const pictureId = randomUUID()
    return { pictureId, storageKey: keys.watermark(videoId, pictureId) }
  })
}

export function getWatermark(ctx: Context): Handler<typeof media.getWatermark> {
  return byMember<typeof media.getWatermark>(ctx, async (_input, { watermark }) => {
    if (!watermark) throw new AppError('WATERMARK_NOT_FOUND')
    return toWatermark(watermark)
  })
}

function toWatermark({ key: _, ...watermark }: StoredWatermark): Watermark {
  return watermark
}
