import type { Context } from '../context.ts'
import { changeVideo } from '../operations/change-video.ts'
import { ownersOfHeldTasks, startableTasks } from '../operations/limits.ts'
import { enqueue } from '../repositories/tasks.ts'
import { alone } from './isolated.ts'

/** Queues what was put aside, as soon as its owner has fewer tasks running; whoever claims it asks again. */
export async function resumeHeld(ctx: Context): Promise<void> {
  for (const ownerId of await ownersOfHeldTasks(ctx.db)) {
    for (const { id, video_id: videoId } of await startableTasks(ctx, ownerId)) {
      await alone(ctx, { videoId }, () => changeVideo(ctx, videoId, (tx) => enqueue(tx, [id])))
    }
  }
}
