import { sql } from 'kysely'
import type { Db, TaskRow, Tx } from '../db/schema.ts'
import type { TaskOfVideo } from './deferred-tasks.ts'
import { sendTasks } from './tasks.ts'

/** A running task whose worker has been silent for too long; its row is locked, so a late heartbeat waits. */
export async function lockStaleTask(tx: Tx, taskId: string): Promise<TaskRow | undefined> {
  return await tx
    .selectFrom('tasks')
    .selectAll()
    .where('id', '=', taskId)
    .where('state', '=', 'running')
    .where('lease_until', '<', sql<Date>`now()`)
    .forUpdate()
    .executeTakeFirst()
}

const REAP_AT_ONCE = 100

export async function staleTasks(db: Db): Promise<TaskOfVideo[]> {
  return await db
    .selectFrom('tasks')
    .select(['id', 'video_id'])
    .where('state', '=', 'running')
    .where('lease_until', '<', sql<Date>`now()`)
    .limit(REAP_AT_ONCE)
    .execute()
}

/** Waiting tasks whose pause is over. The check of a video waits until its playlists are published again. */
export async function dueTasks(db: Db): Promise<TaskOfVideo[]> {
  return await db
    .selectFrom('tasks')
    .innerJoin('videos', 'videos.id', 'tasks.video_id')
    .select(['tasks.id', 'tasks.video_id'])
    .where('tasks.state', '=', 'waiting')
    .where('tasks.not_before', '<=', sql<Date>`now()`)
    .where('videos.republish', '=', false)
    .limit(REAP_AT_ONCE)
    .execute()
}

/**
 * Sends queued tasks again that no worker has claimed for long, because their message may be lost. The wait doubles each
 * time, because most of them only wait in a long queue. An additional message is harmless and has the current priority.
 */
export async function resendTasks(tx: Tx, afterMs: number): Promise<number> {
  const { rows } = await sql<Pick<TaskRow, 'id' | 'attempt' | 'queue'>>`
    update tasks set sent_at = now(), sends = sends + 1
    where id in (
      select id from tasks
      where state = 'queued' and sent_at < now() - make_interval(secs => ${afterMs / 1000}) * power(2, least(sends - 1, 10))
      order by sent_at limit ${REAP_AT_ONCE} for update skip locked
    )
    returning id, attempt, queue`.execute(tx)
  await sendTasks(tx, rows)
  return rows.length
}

/**
 * Gives every running task a whole lease from now. Locked rows are skipped: they are changed by a heartbeat or by the end of
 * the attempt.
 */
export async function extendLeases(db: Db, leaseMs: number): Promise<void> {
  await sql`update tasks set lease_until = now() + make_interval(secs => ${leaseMs / 1000})
    where id in (select id from tasks where state = 'running' for update skip locked)`.execute(db)
}
