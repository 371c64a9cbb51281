import { sql } from 'kysely'
import type { Db, Tx } from '../db/schema.ts'

export interface TaskOfVideo {
  id: string
  video_id: string
}

/** Defers a queued attempt; false where there is no such attempt, or where its kind is never deferred. */
export async function deferTask(tx: Tx, { taskId, attempt }: { taskId: string; attempt: number }): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('tasks')
    .set({ state: 'waiting', held: true, not_before: null })
    .where('id', '=', taskId)
    .where('attempt', '=', attempt)
    .where('state', '=', 'queued')
    .where('kind', 'not in', ['finalise', 'still', 'transcribe'])
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** Up to `limit` deferred tasks of an owner, in the order of work. */
export async function deferredTasks(db: Db, ownerId: string, limit: number): Promise<TaskOfVideo[]> {
  return await db
    .selectFrom('tasks')
    .innerJoin('videos', 'videos.id', 'tasks.video_id')
    .select(['tasks.id', 'tasks.video_id'])
    .where('videos.owner_id', '=', ownerId)
    .where('tasks.held', '=', true)
    .where('tasks.state', '=', 'waiting')
    .orderBy('videos.created_at')
    .orderBy('tasks.ordinal')
    .limit(limit)
    .execute()
}

export async function ownersOfDeferredTasks(db: Db): Promise<string[]> {
  const rows = await db
    .selectFrom('tasks')
    .innerJoin('videos', 'videos.id', 'tasks.video_id')
    .select('videos.owner_id')
    .distinct()
    .where('tasks.held', '=', true)
    .where('tasks.state', '=', 'waiting')
    .execute()
  return rows.map((row) => row.owner_id)
}

/** How many tasks of an owner are in one of these states. Stills, for which viewers ask, and transcripts do not count. */
export async function countTasks(db: Db, ownerId: string, states: string[]): Promise<number> {
  const { rows } = await sql<{ tasks: string }>`select count(*) as tasks
    from tasks join videos on videos.id = tasks.video_id
    where videos.owner_id = ${ownerId} and tasks.state = any(${states}) and tasks.kind not in ('still', 'transcribe')`.execute(
    db,
  )
  return Number(rows[0]?.tasks ?? 0)
}
