import type { Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import { assertOwner } from '../domain/visibility.ts'
import { findLog } from '../repositories/attempt-logs.ts'
import { findVideo } from '../repositories/videos.ts'

/** For the owner, and for administrators, who are asked why something failed. */
export function getTaskLog(ctx: Context): Handler<typeof media.getTaskLog> {
  return async ({ videoId, taskId, attempt }, { actor }) => {
    const video = await findVideo(ctx.db, videoId)
    if (!video) throw new AppError('VIDEO_NOT_FOUND')
    const isAdmin = actor.kind === 'user' && actor.role === 'admin'
    if (!isAdmin) assertOwner(actor, video)
    const log = await findLog(ctx.db, videoId, taskId, attempt)
    if (log === undefined) throw new AppError('TASK_LOG_NOT_FOUND')
    return { log }
  }
}
