import { sql } from 'kysely'
import type { TaskRow, Tx } from '../db/schema.ts'
import type { PlannedTask } from '../db/stored.ts'
import { IDLE } from './tasks.ts'

/** The key that the speculative tasks of a video read, if it has any. */
export async function speculativeSource(tx: Tx, videoId: string): Promise<string | undefined> {
  const { rows } = await sql<{ key: string }>`select params->>'sourceKey' as key from tasks
    where video_id = ${videoId} and kind = 'probe' and early_share is not null`.execute(tx)
  return rows[0]?.key
}

/** The speculative encode of a video, done or still to be done. */
export async function findSpeculativeEncode(
  tx: Tx,
  videoId: string,
): Promise<Pick<TaskRow, 'id' | 'attempt' | 'state' | 'params'> | undefined> {
  return await tx
    .selectFrom('tasks')
    .select(['id', 'attempt', 'state', 'params'])
    .where('video_id', '=', videoId)
    .where('early_share', 'is not', null)
    .where('kind', '=', 'video')
    .where('state', 'not in', ['failed', 'cancelled'])
    .executeTakeFirst()
}

/** Makes a speculative task the planned one. */
export async function takeOverTask(tx: Tx, taskId: string, planned: PlannedTask): Promise<void> {
  const { ordinal, label, queue, weight, work } = planned
  await tx
    .updateTable('tasks')
    .set({ early_share: null, ordinal, label, queue, weight, params: JSON.stringify(work) })
    .where('id', '=', taskId)
    .execute()
}

/** Cancels the speculative tasks of a video and returns each with the number of its last attempt. */
export async function cancelSpeculativeTasks(tx: Tx, videoId: string): Promise<{ id: string; attempt: number }[]> {
  await sql`update task_attempts attempt set state = 'released', ended_at = now() from tasks task
    where task.id = attempt.task_id and task.video_id = ${videoId} and task.early_share is not null
      and attempt.state in ('queued', 'running')`.execute(tx)
  return await tx
    .updateTable('tasks')
    .set({ ...IDLE, state: 'cancelled' })
    .where('video_id', '=', videoId)
    .where('early_share', 'is not', null)
    .where('state', '<>', 'cancelled')
    .returning(['id', 'attempt'])
    .execute()
}
