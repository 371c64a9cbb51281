import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { Db, TaskRow, Tx } from '../db/schema.ts'
import type { PlannedTask } from '../db/stored.ts'
import { enqueue } from './tasks.ts'

export async function findTaskAt(
  db: Db,
  videoId: string,
  ordinal: number,
): Promise<Pick<TaskRow, 'id' | 'state' | 'attempt'> | undefined> {
  return await db
    .selectFrom('tasks')
    .select(['id', 'state', 'attempt'])
    .where('video_id', '=', videoId)
    .where('ordinal', '=', ordinal)
    .executeTakeFirst()
}

/** Adds a task and queues it, unless the video has a task with its ordinal; of several calls at once, one adds it. */
export async function addTaskOnce(
  tx: Tx,
  videoId: string,
  task: PlannedTask,
  id: string = randomUUID(),
): Promise<boolean> {
  const { ordinal, label, queue, weight, work } = task
  // Waits for a transaction that is deleting the video.
  const { numAffectedRows } = await sql`
    insert into tasks (id, video_id, kind, ordinal, label, queue, weight, params, state)
    select ${id}::uuid, videos.id, ${work.kind}, ${ordinal}::integer, ${label}, ${queue}, ${weight}::float8,
      ${JSON.stringify(work)}::jsonb, 'waiting'
    from videos where videos.id = ${videoId} for key share
    on conflict (video_id, ordinal) do nothing`.execute(tx)
  if (numAffectedRows !== 1n) return false
  await enqueue(tx, [id])
  return true
}
