import type { Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Transaction } from 'kysely'
import type { Context } from '../context.ts'
import type { MediaDb, VideoRow } from '../db/schema.ts'
import { makesRendition } from '../domain/video-segments.ts'
import { assertOwner } from '../domain/visibility.ts'
import { changeVideo } from '../operations/change-video.ts'
import { failedTasks, reviveTasks } from '../repositories/tasks.ts'
import { asVideo } from './as-video.ts'

/** What is done stays done; the rest begins anew, with all its tries. */
export function retryVideo(ctx: Context): Handler<typeof media.retryVideo> {
  return async ({ videoId, rendition }, { actor }) => {
    const changed = await changeVideo(ctx, videoId, async (tx, video) => {
      assertOwner(actor, video)
      const failed = await failuresOf(tx, video, rendition)
      if (failed.length === 0) throw new AppError('NOTHING_TO_RETRY')
      await reviveTasks(tx, videoId, failed)
    })
    if (!changed) throw new AppError('VIDEO_NOT_FOUND')
    return asVideo(ctx, changed.video, actor)
  }
}

/** Ids of all tasks that have failed, or of those that were to make this rendition. */
async function failuresOf(
  tx: Transaction<MediaDb>,
  { id, plan }: VideoRow,
  rendition: string | undefined,
): Promise<string[]> {
  if (rendition !== undefined && !plan?.rungs.some(({ name }) => name === rendition)) {
    throw new AppError('RENDITION_NOT_FOUND')
  }
  const failed = await failedTasks(tx, id)
  const wanted = failed.filter(({ params }) => rendition === undefined || makesRendition(params, rendition))
  return wanted.map((task) => task.id)
}
