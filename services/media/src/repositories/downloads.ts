import { randomUUID } from 'node:crypto'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { MediaDb, TaskRow } from '../db/schema.ts'
import type { PlannedTask } from '../domain/plan.ts'
import { enqueue } from './tasks.ts'

export async function findTaskAt(
  db: Kysely<MediaDb>,
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

/** Adds a task unless another has its place in the video, and queues it; of many who do so at the same time, one does. */
export async function addTaskOnce(tx: Transaction<MediaDb>, videoId: string, task: PlannedTask): Promise<boolean> {
  const { ordinal, label, queue, weight, work } = task
  const id = randomUUID()
  // A video that is deleted at this moment is waited for, and then not found.
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
