import type { Context } from '../context.ts'
import { removeSource } from '../operations/remove-source.ts'
import { removeVideo } from '../operations/remove-video.ts'
import { transact } from '../operations/transact.ts'
import { videosWithDueSource } from '../repositories/sources.ts'
import { expiredVideos } from '../repositories/videos.ts'
import { isolated } from './isolated.ts'

const BATCH = 100

/**
 * Deletes videos whose `expiresAt` has passed; their files go to quarantine, in case a clock was wrong. The statement that
 * deletes a video checks the time again, because an update may have set another one.
 */
export async function expireVideos(ctx: Context): Promise<void> {
  if (!(await ctx.ownership.mayRemove())) return
  for (const { id: videoId, project_id: projectId } of await expiredVideos(ctx.db, BATCH)) {
    await isolated(ctx, { videoId }, async () => {
      const around = { evict: () => projectId }
      const removed = await transact(
        ctx,
        (tx) => removeVideo(ctx, tx, videoId, 'quarantine', { ifExpired: true }),
        around,
      )
      if (removed) ctx.logger.info({ videoId }, 'a video was deleted at its expiry')
    })
  }
}

/** Removes sources whose time has come, of videos that are ready; a video that is locked or changed meanwhile is looked at again. */
export async function expireSources(ctx: Context): Promise<void> {
  if (!(await ctx.ownership.mayRemove())) return
  for (const videoId of await videosWithDueSource(ctx.db, BATCH)) {
    await isolated(ctx, { videoId }, async () => {
      if (await removeSource(ctx, videoId))
        ctx.logger.info({ videoId }, 'a source was removed at the end of its retention')
    })
  }
}
