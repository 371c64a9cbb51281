import type { Passport } from '@kinora/common/contracts'
import { sql } from 'kysely'
import type { Tx } from '../db/schema.ts'

export async function recordPassport(
  tx: Tx,
  videoId: string,
  { key, sha256 }: { key: string; sha256: string },
): Promise<void> {
  await tx.updateTable('videos').set({ passport_key: key, passport_sha256: sha256 }).where('id', '=', videoId).execute()
}

/**
 * The tool runs of all attempts whose files are used: those that are done, and those that recorded segments before they ended.
 */
export async function runsOfVideo(tx: Tx, videoId: string): Promise<Passport['runs']> {
  const { rows } = await sql<Passport['runs'][number]>`
    select attempt.task_id as "taskId", task.label, attempt.attempt,
      attempt.tools->'ffmpeg' as ffmpeg, attempt.tools->'commands' as commands
    from task_attempts attempt join tasks task on task.id = attempt.task_id
    where task.video_id = ${videoId} and task.early_share is null and jsonb_array_length(attempt.tools->'commands') > 0
      and (attempt.state = 'done' or exists (
        select from parts where parts.task_id = attempt.task_id and parts.attempt = attempt.attempt))
    order by task.ordinal, attempt.attempt`.execute(tx)
  return rows
}
