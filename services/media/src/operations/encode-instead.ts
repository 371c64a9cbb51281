import type { Transaction } from 'kysely'
import type { MediaDb, TaskRow } from '../db/schema.ts'
import type { VideoWork } from '../domain/video-segments.ts'
import { tasksInstead } from '../domain/video-tasks.ts'
import { addTasks } from '../repositories/tasks.ts'
import { findVideo } from '../repositories/videos.ts'

/** Behind all tasks of a plan, before those of a video that is ready. */
const FIRST_ORDINAL = 500_000

/** The work of a task that copies pictures as they are; null for all others. */
export function copyWorkOf({ params }: TaskRow): VideoWork | null {
  return params.kind === 'video' && params.copied ? params : null
}

/**
 * Has the rendition encoded that a task was to copy. The task itself, whose next attempt waits, becomes the first of those
 * that encode; the others are added. Nothing of the copy was recorded, so nothing of it is published.
 */
export async function encodeInstead(tx: Transaction<MediaDb>, task: TaskRow, copy: VideoWork): Promise<void> {
  const plan = (await findVideo(tx, task.video_id))?.plan
  const [first, ...others] = plan ? tasksInstead(plan, copy) : []
  if (!first) throw new Error('a video whose pictures are copied has a plan')
  const { label, queue, weight, work } = first
  await tx
    .updateTable('tasks')
    .set({ label, queue, weight, params: JSON.stringify(work), host_failures: 0, memory_failures: 0 })
    .where('id', '=', task.id)
    .execute()
  const added = others.map((other, index) => ({ ...other, ordinal: FIRST_ORDINAL + index }))
  if (added.length > 0) await addTasks(tx, task.video_id, added)
}
