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

/** Up to `limit` deferred tasks of a project, in the order of work. */
export async function deferredTasks(db: Db, projectId: string, limit: number): Promise<TaskOfVideo[]> {
  return await db
    .selectFrom('tasks')
    .innerJoin('videos', 'videos.id', 'tasks.video_id')
    .select(['tasks.id', 'tasks.video_id'])
    .where('videos.project_id', '=', projectId)
    .where('tasks.held', '=', true)
    .where('tasks.state', '=', 'waiting')
    .orderBy('videos.created_at')
    .orderBy('tasks.ordinal')
    .limit(limit)
    .execute()
}

export async function projectsOfDeferredTasks(db: Db): Promise<string[]> {
  const rows = await db
    .selectFrom('tasks')
    .innerJoin('videos', 'videos.id', 'tasks.video_id')
    .select('videos.project_id')
    .distinct()
    .where('tasks.held', '=', true)
    .where('tasks.state', '=', 'waiting')
    .execute()
  return rows.map((row) => row.project_id)
}

/** How many tasks of a project are in one of these states. Stills, for which viewers ask, and transcripts do not count. */
export async function countTasks(db: Db, projectId: string, states: string[]): Promise<number> {
  const { rows } = await sql<{ tasks: string }>`select count(*) as tasks
    from tasks join videos on videos.id = tasks.video_id
    where videos.project_id = ${projectId} and tasks.state = any(${states}) and tasks.kind not in ('still', 'transcribe')`.execute(
    db,
  )
  return Number(rows[0]?.tasks ?? 0)
}
