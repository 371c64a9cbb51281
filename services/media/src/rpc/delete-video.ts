import type { Handler } from '@kinora/common/contract'
import { events, type media } from '@kinora/common/contracts'
import { sayEvent } from '@kinora/common/db'
import { AppError } from '@kinora/common/errors'
import { keys } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import { assertOwner } from '../domain/visibility.ts'
import { queueFolderDeletion } from '../repositories/deletions.ts'
import { lockPlaylists } from '../repositories/publications.ts'
import { deleteRow, findVideo } from '../repositories/videos.ts'

/** The row is gone at once and with it playback; the files follow, whatever happens to this process. */
export function deleteVideo(ctx: Context): Handler<typeof media.deleteVideo> {
  return async ({ videoId }, { actor }) => {
    const video = await findVideo(ctx.db, videoId)
    if (!video) throw new AppError('VIDEO_NOT_FOUND')
    assertOwner(actor, video)
    await ctx.db.transaction().execute(async (tx) => {
      // Whoever writes its playlists right now ends first; afterwards nobody starts.
      await lockPlaylists(tx, videoId)
      const deleted = await deleteRow(tx, videoId)
      if (!deleted) throw new AppError('VIDEO_NOT_FOUND')
      await queueFolderDeletion(tx, keys.videoFolder(videoId))
      await queueFolderDeletion(tx, keys.sourceFolder(videoId))
      const about = { aggregateId: videoId, sequence: Number(deleted.sequence) + 1 }
      await sayEvent(tx, events['video.deleted'], about, { videoId, ownerId: deleted.owner_id })
    })
    await ctx.cache.forget(video.owner_id)
    ctx.wake.emit('outbox')
    return {}
  }
}
