import type { TaskCause, ToolRuns } from '@kinora/common/contracts'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { AttemptState, MediaDb } from '../db/schema.ts'

interface AttemptRef {
  taskId: string
  attempt: number
}

export async function attemptsQueued(tx: Transaction<MediaDb>, refs: AttemptRef[]): Promise<void> {
  if (refs.length === 0) return
  await tx
    .insertInto('task_attempts')
    .values(refs.map(({ taskId, attempt }) => ({ task_id: taskId, attempt, state: 'queued' })))
    // One that was put aside is queued a second time.
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

export async function attemptStarted(tx: Transaction<MediaDb>, ref: AttemptRef, worker: string): Promise<void> {
  await tx
    .updateTable('task_attempts')
    .set({ state: 'running', worker, started_at: sql<Date>`now()` })
    .where('task_id', '=', ref.taskId)
    .where('attempt', '=', ref.attempt)
    .execute()
}

/** What an attempt has run so far; what it told before is part of it. */
export async function recordTools(tx: Transaction<MediaDb>, ref: AttemptRef, tools: ToolRuns): Promise<void> {
  await tx
    .updateTable('task_attempts')
    .set({ tools: JSON.stringify(tools) })
    .where('task_id', '=', ref.taskId)
    .where('attempt', '=', ref.attempt)
    .execute()
}

export async function attemptEnded(
  tx: Transaction<MediaDb>,
  ref: AttemptRef,
  state: AttemptState,
  cause: TaskCause | null = null,
): Promise<void> {
  await tx
    .updateTable('task_attempts')
    .set({ state, ended_at: sql<Date>`now()`, cause: cause && JSON.stringify(cause) })
    .where('task_id', '=', ref.taskId)
    .where('attempt', '=', ref.attempt)
    .execute()
}

export async function attemptState(tx: Transaction<MediaDb>, ref: AttemptRef): Promise<AttemptState | undefined> {
  const row = await tx
    .selectFrom('task_attempts')
    .select('state')
    .where('task_id', '=', ref.taskId)
    .where('attempt', '=', ref.attempt)
    .executeTakeFirst()
  return row?.state
}

export async function attemptsOfVideo(db: Kysely<MediaDb>, videoId: string) {
  return await db
    .selectFrom('task_attempts')
    .innerJoin('tasks', 'tasks.id', 'task_attempts.task_id')
    .select(['tasks.id', 'tasks.kind', 'tasks.label'])
    .select((eb) => [
      'task_attempts.attempt',
      'task_attempts.state',
      'task_attempts.worker',
      'task_attempts.queued_at',
      'task_attempts.started_at',
      'task_attempts.ended_at',
      eb.ref('task_attempts.cause').as('cause'),
      sql<boolean>`exists (select from attempt_logs log
        where (log.task_id, log.attempt) = (task_attempts.task_id, task_attempts.attempt))`.as('has_log'),
    ])
    .where('tasks.video_id', '=', videoId)
    .orderBy('task_attempts.queued_at')
    .orderBy('tasks.ordinal')
    .orderBy('task_attempts.attempt')
    .execute()
}

/** What has not ended, in the order of work. */
export async function unfinishedTasks(db: Kysely<MediaDb>, videoId: string) {
  return await db
    .selectFrom('tasks')
    .select(['id', 'kind', 'label', 'held', 'not_before'])
    .select((eb) => eb.ref('state').$castTo<'waiting' | 'queued' | 'running' | 'cancelled'>().as('state'))
    .where('video_id', '=', videoId)
    .where('early_share', 'is', null)
    .where('state', 'in', ['waiting', 'queued', 'running', 'cancelled'])
    .orderBy('ordinal')
    .execute()
}
