import { sql } from 'kysely'
import type { Db, TaskRow, Tx } from '../db/schema.ts'
import { sendTasks } from './tasks.ts'

/** What the reaper looks for: tasks that no message will ever set going again. */

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

export interface TaskOfVideo {
  id: string
  video_id: string
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

/** Waiting tasks whose pause is over. The check of what was published waits until it is published again. */
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
 * Sends queued tasks again that nobody took for long: their message may be lost. Each time the wait doubles, because
 * most of them only stand in a long queue; a message too many is harmless, and carries the priority of now.
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
 * Every running task gets a whole lease from now on. Rows that are being changed at this moment are left out: that is a
 * heartbeat, or an end.
 */
export async function extendLeases(db: Db, leaseMs: number): Promise<void> {
  await sql`update tasks set lease_until = now() + make_interval(secs => ${leaseMs / 1000})
    where id in (select id from tasks where state = 'running' for update skip locked)`.execute(db)
}
