import type { Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { keys } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import { downloadTask } from '../domain/download-task.ts'
import { addTaskOnce, findTaskAt } from '../repositories/downloads.ts'
import { findVideo } from '../repositories/videos.ts'
import { authorizePlayback } from './playback.ts'

/** The first request for a rendition has its file made; all others, at the same time or later, find that task. */
export function prepareDownload(ctx: Context): Handler<typeof media.prepareDownload> {
  const authorize = authorizePlayback(ctx)
  return async ({ reference, height }, call) => {
    const { videoId, download, maxHeight } = await authorize({ reference }, call)
    if (!download) throw new AppError('DOWNLOAD_DENIED')
    if (maxHeight !== null && height > maxHeight) {
      throw new AppError('PLAYBACK_DENIED', { detail: 'This link is for smaller pictures only' })
    }
    const video = await findVideo(ctx.db, videoId)
    if (!video?.plan) throw new AppError('VIDEO_NOT_FOUND')
    if (video.status !== 'ready') throw new AppError('VIDEO_NOT_READY')
    const rung = video.plan.rungs.find(({ name }) => name === `${height}p`)
    if (!rung) throw new AppError('FILE_NOT_FOUND', { detail: 'This video has no picture of that size' })

    const planned = downloadTask(video.plan, rung, keys.videoFolder(videoId))
    const task = await findTaskAt(ctx.db, videoId, planned.ordinal)
    if (task?.state === 'done') {
      return { status: 'ready', storageKey: keys.download(videoId, task.id, task.attempt), title: video.title }
    }
    if (task?.state === 'failed') throw new AppError('DOWNLOAD_FAILED')
    if (!task) {
      await ctx.db.transaction().execute((tx) => addTaskOnce(tx, videoId, planned))
      ctx.wake.emit('outbox')
    }
    return { status: 'preparing' }
  }
}
