import { posix } from 'node:path'
import type { Passport, Storyboard, TaskWork } from '@kinora/common/contracts'
import type { StorageKey } from '@kinora/common/storage'
import { sql } from 'kysely'
import type { TaskRow, Tx, VideoRow } from '../db/schema.ts'
import type { StoredWatermark } from '../db/stored.ts'
import { queueLateDeletion } from './deletions.ts'
import { discardFiles } from './segments.ts'
import { attemptEnded } from './task-attempts.ts'
import { enqueue, IDLE } from './tasks.ts'

/** The folder of the poster before, with what was made of it, goes when nobody is sent there any more. */
export async function recordPoster(tx: Tx, { id, poster_key: before }: VideoRow, posterKey: StorageKey): Promise<void> {
  await tx.updateTable('videos').set({ poster_key: posterKey }).where('id', '=', id).execute()
  if (before !== null) await queueLateDeletion(tx, { key: posix.dirname(before), folder: true })
}

export async function recordStoryboard(tx: Tx, videoId: string, storyboard: Storyboard): Promise<void> {
  await tx
    .updateTable('videos')
    .set({ storyboard: JSON.stringify(storyboard) })
    .where('id', '=', videoId)
    .execute()
}

/**
 * Has the poster of a video made anew, from the picture at `time`. An attempt that is under way has lost its lease; what
 * an earlier one made stays as long as it is the poster. False when the video has no such task.
 */
export async function remakePoster(tx: Tx, videoId: string, time: number): Promise<boolean> {
  const task = await tx
    .selectFrom('tasks')
    .selectAll()
    .where('video_id', '=', videoId)
    .where('kind', '=', 'poster')
    .forUpdate()
    .executeTakeFirst()
  if (!task) return false
  if (task.state === 'queued' || task.state === 'running' || task.held) await abandonAttempt(tx, task)
  await restart(tx, task, { ...task.params, time } as TaskWork)
  return true
}

async function abandonAttempt(tx: Tx, { id, video_id: videoId, attempt }: TaskRow): Promise<void> {
  const ref = { taskId: id, attempt }
  await attemptEnded(tx, ref, 'released')
  await discardFiles(tx, videoId, ref)
}

async function restart(tx: Tx, { id, attempt }: TaskRow, params: TaskWork): Promise<void> {
  await tx
    .updateTable('tasks')
    .set({
      ...IDLE,
      state: 'waiting',
      attempt: attempt + 1,
      params: JSON.stringify(params),
      host_failures: 0,
      memory_failures: 0,
      cause: sql`null`,
    })
    .where('id', '=', id)
    .execute()
  await enqueue(tx, [id])
}

/** False, and nothing changes, once the video has a source: of the two that come at once, the row says which was first. */
export async function setWatermark(tx: Tx, videoId: string, watermark: StoredWatermark | null): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('videos')
    .set({ watermark: watermark && JSON.stringify(watermark) })
    .where('id', '=', videoId)
    .where('upload_id', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

export async function recordPassport(
  tx: Tx,
  videoId: string,
  { key, sha256 }: { key: string; sha256: string },
): Promise<void> {
  await tx.updateTable('videos').set({ passport_key: key, passport_sha256: sha256 }).where('id', '=', videoId).execute()
}

/** What the attempts have run whose files count: those that ended well, and those that published segments before. */
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
