import type { Context } from '../context.ts'
import { alone } from '../jobs/alone.ts'
import { changeVideo } from '../repositories/change-video.ts'
import { enqueue } from '../repositories/tasks.ts'
import { ownersOfHeldTasks, startableTasks } from './hold-back.ts'

/** Queues what was put aside, as soon as its owner has fewer tasks running; whoever claims it asks again. */
export async function resumeHeld(ctx: Context): Promise<void> {
  for (const ownerId of await ownersOfHeldTasks(ctx.db)) {
    for (const { id, video_id: videoId } of await startableTasks(ctx, ownerId)) {
      await alone(ctx, { videoId }, () => changeVideo(ctx, videoId, (tx) => enqueue(tx, [id])))
    }
  }
}
