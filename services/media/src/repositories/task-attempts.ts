import type { TaskCause, ToolRuns } from '@kinora/common/contracts'
import { sql } from 'kysely'
import type { AttemptState, Db, TaskRow, Tx } from '../db/schema.ts'

interface AttemptRef {
  taskId: string
  attempt: number
}

export async function attemptsQueued(tx: Tx, refs: AttemptRef[]): Promise<void> {
  if (refs.length === 0) return
  await tx
    .insertInto('task_attempts')
    .values(refs.map(({ taskId, attempt }) => ({ task_id: taskId, attempt, state: 'queued' })))
    // A deferred attempt is queued a second time.
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

export async function attemptStarted(tx: Tx, ref: AttemptRef, worker: string): Promise<void> {
  await tx
    .updateTable('task_attempts')
    .set({ state: 'running', worker, started_at: sql<Date>`now()` })
    .where('task_id', '=', ref.taskId)
    .where('attempt', '=', ref.attempt)
    .execute()
}

/** What an attempt has run so far, including what it reported before. */
export async function recordTools(tx: Tx, ref: AttemptRef, tools: ToolRuns): Promise<void> {
  await tx
    .updateTable('task_attempts')
    .set({ tools: JSON.stringify(tools) })
    .where('task_id', '=', ref.taskId)
    .where('attempt', '=', ref.attempt)
    .execute()
}

export async function attemptEnded(
  tx: Tx,
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

export async function attemptState(tx: Tx, ref: AttemptRef): Promise<AttemptState | undefined> {
  const row = await tx
    .selectFrom('task_attempts')
    .select('state')
    .where('task_id', '=', ref.taskId)
    .where('attempt', '=', ref.attempt)
    .executeTakeFirst()
  return row?.state
}

export async function attemptsOfVideo(db: Db, videoId: string) {
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

/** Tasks that have not ended, in the order of work. */
export async function unfinishedTasks(db: Db, videoId: string) {
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

/** Stores the output of an attempt's tools. A second call changes nothing, nor does one for an unknown attempt. */
export async function recordLog(tx: Tx, { taskId, attempt }: AttemptRef, log: string): Promise<void> {
  await sql`insert into attempt_logs (task_id, attempt, log)
    select task_id, attempt, ${log.replaceAll('\0', '')} from task_attempts
    where task_id = ${taskId} and attempt = ${attempt} on conflict do nothing`.execute(tx)
}

/** The log of this attempt, or of the last one that has a log. */
export async function findLog(
  db: Db,
  videoId: string,
  taskId: string,
  attempt: number | undefined,
): Promise<string | undefined> {
  let query = db
    .selectFrom('attempt_logs')
    .innerJoin('tasks', 'tasks.id', 'attempt_logs.task_id')
    .select('attempt_logs.log')
    .where('tasks.video_id', '=', videoId)
    .where('tasks.id', '=', taskId)
  if (attempt !== undefined) query = query.where('attempt_logs.attempt', '=', attempt)
  const row = await query.orderBy('attempt_logs.attempt', 'desc').limit(1).executeTakeFirst()
  return row?.log
}

export async function deleteOldLogs(db: Db, days: number): Promise<void> {
  await sql`delete from attempt_logs where written_at < now() - make_interval(days => ${days})`.execute(db)
}

export type ListedTask = Pick<
  TaskRow,
  | 'id'
  | 'video_id'
  | 'kind'
  | 'label'
  | 'ordinal'
  | 'state'
  | 'attempt'
  | 'worker'
  | 'fraction'
  | 'started_at'
  | 'lease_until'
  | 'cause'
> & { owner_id: string; video_created_at: Date }

/** The last task of a page: the creation and id of its video, and its ordinal. */
export interface TaskCursor {
  videoCreatedAt: string
  videoId: string
  ordinal: number
}

/** Tasks of all videos, newest video first; those of one video in the order of work. */
export async function listTasks(
  db: Db,
  filter: { states: readonly TaskRow['state'][]; videoId?: string | undefined },
  page: { limit: number; after: TaskCursor | undefined },
): Promise<ListedTask[]> {
  let query = db
    .selectFrom('tasks')
    .innerJoin('videos', 'videos.id', 'tasks.video_id')
    .select([
      'tasks.id',
      'video_id',
      'kind',
      'label',
      'ordinal',
      'state',
      'attempt',
      'worker',
      'fraction',
      'started_at',
    ])
    .select(['lease_until', 'cause', 'owner_id', 'videos.created_at as video_created_at'])
    .where('state', 'in', [...filter.states])
  if (filter.videoId !== undefined) query = query.where('video_id', '=', filter.videoId)
  if (page.after) {
    const { videoCreatedAt, videoId, ordinal } = page.after
    query = query.where(
      sql<boolean>`(videos.created_at, video_id, -ordinal) < (${videoCreatedAt}::timestamptz, ${videoId}::uuid, ${-ordinal}::integer)`,
    )
  }
  return await query
    .orderBy('videos.created_at', 'desc')
    .orderBy('video_id', 'desc')
    .orderBy('ordinal')
    .limit(page.limit)
    .execute()
}
