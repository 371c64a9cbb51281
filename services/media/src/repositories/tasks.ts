import { randomUUID } from 'node:crypto'
import type { TaskCause } from '@kinora/common/contracts'
import { enqueueTask } from '@kinora/common/db'
import { sql } from 'kysely'
import type { Db, TaskRow, Tx } from '../db/schema.ts'
import type { PlannedTask } from '../db/stored.ts'
import { type Candidate, taskPriority } from '../domain/priority.ts'
import type { Failures } from '../domain/task-retry.ts'
import type { TaskFacts } from '../domain/video-state.ts'
import { attemptEnded, attemptStarted, attemptsQueued } from './task-attempts.ts'

/** A running attempt; only the holder of the token may end it. */
export interface Lease {
  taskId: string
  attempt: number
  leaseToken: string
}

/** The columns of a task that no worker holds and nothing delays. */
export const IDLE = { lease_token: null, lease_until: null, fraction: 0, held: false, not_before: null } as const

export async function findTask(db: Db, taskId: string): Promise<TaskRow | undefined> {
  return await db.selectFrom('tasks').selectAll().where('id', '=', taskId).executeTakeFirst()
}

export function holdsLease(task: TaskRow, lease: Lease): boolean {
  return task.state === 'running' && task.attempt === lease.attempt && task.lease_token === lease.leaseToken
}

/** Of a running task. */
export function leaseOf({ id, attempt, lease_token }: TaskRow): Lease | null {
  return lease_token === null ? null : { taskId: id, attempt, leaseToken: lease_token }
}

/** The facts about a video's tasks that decide its state, in the order of work. Stills are none of its business. */
export async function taskFacts(tx: Tx, videoId: string): Promise<TaskFacts[]> {
  return await tx
    .selectFrom('tasks')
    .select(['id', 'kind', 'ordinal', 'state', 'weight', 'fraction', 'written', 'cause'])
    .select(sql<boolean>`started_at is not null`.as('started'))
    .select(sql<boolean>`not_before is not null or held`.as('delayed'))
    .where('video_id', '=', videoId)
    .where('kind', '<>', 'still')
    .where('early_share', 'is', null)
    .orderBy('ordinal')
    .execute()
}

/**
 * Adds tasks. They are queued when the state of their video makes them due; speculative tasks, which do not count for that
 * state, are queued at once.
 * @param earlyShare for speculative tasks: the share of the source that has arrived, up to 1
 */
export async function addTasks(
  tx: Tx,
  videoId: string,
  planned: readonly PlannedTask[],
  earlyShare: number | null = null,
): Promise<void> {
  const rows = planned.map(({ ordinal, label, queue, weight, work }) => ({
    id: randomUUID(),
    video_id: videoId,
    kind: work.kind,
    ordinal,
    label,
    queue,
    weight,
    params: JSON.stringify(work),
    state: 'waiting' as const,
    early_share: earlyShare,
  }))
  await tx.insertInto('tasks').values(rows).execute()
  if (earlyShare === null) return
  await enqueue(
    tx,
    rows.map((row) => row.id),
  )
}

/**
 * The one place where waiting tasks become queued. Workers take them by priority, and in this order where that is equal.
 * @param send false where the caller claims the attempt itself in this transaction
 */
export async function enqueue(tx: Tx, taskIds: readonly string[], send = true): Promise<void> {
  if (taskIds.length === 0) return
  const rows = await tx
    .updateTable('tasks')
    .set({ state: 'queued', held: false, not_before: null, sent_at: sql<Date>`now()`, sends: 1 })
    .where('id', 'in', taskIds)
    .where('state', '=', 'waiting')
    .returning(['id', 'attempt', 'queue'])
    .execute()
  const byId = new Map(rows.map((row) => [row.id, row]))
  const ordered = taskIds.map((id) => byId.get(id)).filter((row) => row !== undefined)
  await attemptsQueued(
    tx,
    ordered.map((row) => ({ taskId: row.id, attempt: row.attempt })),
  )
  if (send) await sendTasks(tx, ordered)
}

/** Sends the messages of queued tasks when the transaction commits. */
export async function sendTasks(tx: Tx, tasks: readonly Pick<TaskRow, 'id' | 'attempt' | 'queue'>[]): Promise<void> {
  const places = await priorities(
    tx,
    tasks.map(({ id }) => id),
  )
  for (const { id, attempt, queue } of tasks) {
    await enqueueTask(tx, { queue, taskId: id, attempt, priority: places.get(id) ?? 0 })
  }
}

/** Gives a queued attempt to a worker; undefined when it is no longer queued. */
export async function startAttempt(
  tx: Tx,
  ref: { taskId: string; attempt: number },
  by: { worker: string; leaseMs: number; messageAttempt: number },
): Promise<TaskRow | undefined> {
  const row = await tx
    .updateTable('tasks')
    .set({
      state: 'running',
      message_attempt: by.messageAttempt,
      lease_token: randomUUID(),
      lease_until: sql<Date>`now() + make_interval(secs => ${by.leaseMs / 1000})`,
      worker: by.worker,
      fraction: 0,
      started_at: sql<Date>`coalesce(started_at, now())`,
    })
    .where('id', '=', ref.taskId)
    .where('attempt', '=', ref.attempt)
    .where('state', '=', 'queued')
    .returningAll()
    .executeTakeFirst()
  if (row) await attemptStarted(tx, ref, by.worker)
  return row
}

/** A heartbeat: renews the lease. Returns the id of the video; undefined when the lease is no longer held. */
export async function renewLease(db: Db, lease: Lease, fraction: number, leaseMs: number): Promise<string | undefined> {
  const row = await db
    .updateTable('tasks')
    .set({
      lease_until: sql<Date>`now() + make_interval(secs => ${leaseMs / 1000})`,
      // Events may overtake each other.
      fraction: sql<number>`greatest(fraction, ${fraction}::real)`,
    })
    .where('id', '=', lease.taskId)
    .where('attempt', '=', lease.attempt)
    .where('lease_token', '=', lease.leaseToken)
    .where('state', '=', 'running')
    .returning('video_id')
    .executeTakeFirst()
  return row?.video_id
}

export async function completeAttempt(tx: Tx, lease: Lease): Promise<boolean> {
  const ended = await endAttempt(tx, lease, { state: 'done', fraction: 1 })
  if (ended) await attemptEnded(tx, lease, 'done')
  return ended
}

/** The task has failed for good. */
export async function failTask(tx: Tx, lease: Lease, cause: TaskCause, failures: Failures): Promise<boolean> {
  return await endAttempt(tx, lease, { state: 'failed', cause: JSON.stringify(cause), ...counted(failures) })
}

/** The next attempt waits for `delayMs`; with null the caller queues it. */
export async function awaitNextAttempt(
  tx: Tx,
  lease: Lease,
  failures: Failures,
  delayMs: number | null,
): Promise<boolean> {
  return await endAttempt(tx, lease, {
    state: 'waiting',
    attempt: lease.attempt + 1,
    not_before: delayMs === null ? null : sql<Date>`now() + make_interval(secs => ${delayMs / 1000})`,
    ...counted(failures),
  })
}

/** The only way out of `running`. It needs the lease, so of two processes that end the same attempt one finds nothing. */
async function endAttempt(tx: Tx, lease: Lease, change: Record<string, unknown>): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('tasks')
    .set({ ...IDLE, ...change })
    .where('id', '=', lease.taskId)
    .where('attempt', '=', lease.attempt)
    .where('lease_token', '=', lease.leaseToken)
    .where('state', '=', 'running')
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

function counted({ host, memory }: Failures) {
  return { host_failures: host, memory_failures: memory }
}

/** Cancels all tasks of a video that are not done, but stills; returns the attempts that this ended. */
export async function cancelTasks(tx: Tx, videoId: string): Promise<{ id: string; attempt: number }[]> {
  const rows = await tx
    .updateTable('tasks')
    .set({ ...IDLE, state: 'cancelled' })
    .where('video_id', '=', videoId)
    .where('kind', '<>', 'still')
    .where('state', 'in', ['waiting', 'queued', 'running'])
    .returning(['id', 'attempt'])
    .execute()
  for (const { id, attempt } of rows) await attemptEnded(tx, { taskId: id, attempt }, 'released')
  return rows
}

/** Gives a task other work; the failures of the former work do not count. */
export async function replaceTask(
  tx: Tx,
  taskId: string,
  { label, queue, weight, work }: Omit<PlannedTask, 'ordinal'>,
): Promise<void> {
  await tx
    .updateTable('tasks')
    .set({ label, queue, weight, params: JSON.stringify(work), host_failures: 0, memory_failures: 0 })
    .where('id', '=', taskId)
    .execute()
}

export async function failedTasks(tx: Tx, videoId: string): Promise<Pick<TaskRow, 'id' | 'params'>[]> {
  const failed = tx.selectFrom('tasks').select(['id', 'params']).where('video_id', '=', videoId)
  return await failed.where('state', '=', 'failed').where('early_share', 'is', null).execute()
}

/** Resets these failed tasks, and those that were cancelled with them: a new attempt, no failures. */
export async function reviveTasks(tx: Tx, videoId: string, failed: readonly string[]): Promise<void> {
  await tx
    .updateTable('tasks')
    .set((eb) => ({
      state: 'waiting',
      attempt: eb('attempt', '+', 1),
      not_before: null,
      host_failures: 0,
      memory_failures: 0,
      cause: null,
    }))
    .where('video_id', '=', videoId)
    .where('early_share', 'is', null)
    .where((eb) => eb.or([eb('state', '=', 'cancelled'), eb('id', '=', sql<string>`any(${failed}::uuid[])`)]))
    .execute()
}

/** The priorities of these tasks in the workers' queues, as of now. */
async function priorities(tx: Tx, taskIds: readonly string[]): Promise<Map<string, number>> {
  const { rows } = await sql<Candidate & { id: string }>`
    select task.id, task.kind, task.ordinal, (
      select count(*)::integer from videos other
      where other.project_id = video.project_id and other.status in ('uploaded', 'processing')
        and (other.created_at, other.id) < (video.created_at, video.id)
    ) as earlier
    from tasks task join videos video on video.id = task.video_id
    where task.id = any(${taskIds}::uuid[])`.execute(tx)
  return new Map(rows.map(({ id, ...candidate }) => [id, taskPriority(candidate)]))
}
