import { type Kysely, sql, type Transaction } from 'kysely'
import type { MediaDb } from '../db/schema.ts'

interface AttemptRef {
  taskId: string
  attempt: number
}

/** Keeps what the tools of an attempt printed. Told twice it is kept once; of an attempt that nobody knows it is not. */
export async function keepLog(tx: Transaction<MediaDb>, { taskId, attempt }: AttemptRef, log: string): Promise<void> {
  await sql`insert into attempt_logs (task_id, attempt, log)
    select task_id, attempt, ${log.replaceAll('\0', '')} from task_attempts
    where task_id = ${taskId} and attempt = ${attempt} on conflict do nothing`.execute(tx)
}

/** Of this attempt, or of the last one that has a log. */
export async function findLog(
  db: Kysely<MediaDb>,
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

export async function forgetOldLogs(db: Kysely<MediaDb>, days: number): Promise<void> {
  await sql`delete from attempt_logs where written_at < now() - make_interval(days => ${days})`.execute(db)
}
