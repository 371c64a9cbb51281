import type { Handler } from '@kinora/common/contract'
import type { media, SupportedVideo } from '@kinora/common/contracts'
import { pageOf } from '@kinora/common/cursor'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import type { VideoRow } from '../db/schema.ts'
import { creationCursor, decodeCreationCursor } from '../domain/pages.ts'
import { videoFacts } from '../domain/video-facts.ts'
import { changeVideo } from '../operations/change-video.ts'
import { transact } from '../operations/transact.ts'
import { addAuditRecord } from '../repositories/parked.ts'
import { listAllVideos } from '../repositories/videos.ts'
import { deliveriesAbout } from '../repositories/webhook-deliveries.ts'
import { bySupport } from './guards.ts'
import { retryTasks, timelineOf } from './videos.ts'
import { toDelivery } from './webhooks.ts'

/** Subject of a search in the audit log that is about no single project or account. */
const ALL = 'all'

export function findVideos(ctx: Context): Handler<typeof media.findVideos> {
  return bySupport<typeof media.findVideos>(async ({ limit, cursor, ...filter }, call) => {
    const { projectId, ownerId, q } = filter
    // A text has no index of its own: the search must not read all videos that there are.
    if (q !== undefined && projectId === undefined && ownerId === undefined) {
      throw new AppError('VALIDATION_FAILED', { detail: 'q needs a projectId or an ownerId' })
    }
    const page = { limit: limit + 1, after: decodeCreationCursor(cursor) }
    const rows = await transact(
      ctx,
      async (tx) => {
        // Each page, because anybody can make up the cursor of a first one.
        await addAuditRecord(tx, call, 'videos_search', projectId ?? ownerId ?? ALL)
        return await listAllVideos(tx, filter, page)
      },
      { call },
    )
    return pageOf(rows, limit, (row) => toSupported(ctx, row), creationCursor)
  })
}

export function inspectVideo(ctx: Context): Handler<typeof media.inspectVideo> {
  return bySupport<typeof media.inspectVideo>(async ({ videoId }, call) => {
    const row = await ctx.readVideo(videoId)
    if (!row) throw new AppError('VIDEO_NOT_FOUND')
    await transact(ctx, (tx) => addAuditRecord(tx, call, 'video_inspect', videoId), { call })
    return { ...toSupported(ctx, row), timeline: await timelineOf(ctx, videoId) }
  })
}

export function retryAnyVideo(ctx: Context): Handler<typeof media.retryAnyVideo> {
  return bySupport<typeof media.retryAnyVideo>(async ({ videoId }, call) => {
    const changed = await changeVideo(ctx, videoId, async (tx, before) => {
      await retryTasks(tx, before)
      await addAuditRecord(tx, call, 'video_retry', videoId)
    })
    if (!changed) throw new AppError('VIDEO_NOT_FOUND')
    return toSupported(ctx, changed.video)
  })
}

export function listVideoDeliveries(ctx: Context): Handler<typeof media.listVideoDeliveries> {
  return bySupport<typeof media.listVideoDeliveries>(async ({ videoId, limit, cursor }, call) => {
    if (!(await ctx.readVideo(videoId))) throw new AppError('VIDEO_NOT_FOUND')
    await transact(ctx, (tx) => addAuditRecord(tx, call, 'video_inspect', videoId), { call })
    const rows = await deliveriesAbout(ctx.db, videoId, { limit: limit + 1, after: decodeCreationCursor(cursor) })
    return pageOf(rows, limit, toDelivery, creationCursor)
  })
}

function toSupported({ now }: Pick<Context, 'now'>, row: VideoRow): SupportedVideo {
  return videoFacts(row, now())
}
