import { posix } from 'node:path'
import type { Storyboard, TaskWork } from '@kinora/common/contracts'
import type { StorageKey } from '@kinora/common/storage'
import { sql } from 'kysely'
import type { TaskRow, Tx, VideoRow } from '../db/schema.ts'
import type { StoredWatermark } from '../db/stored.ts'
import { queueLateDeletion } from './deletions.ts'
import { discardFiles } from './segments.ts'
import { attemptEnded } from './task-attempts.ts'
import { enqueue, IDLE } from './tasks.ts'

/** The folder of the former poster is deleted when no cached answer names it any more. */
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
 * Starts a new attempt of a video's poster task, for the frame at `time`. A running attempt loses its lease; the former poster
 * stays until the new one is recorded. False when the video has no poster task.
 */
export async function restartPoster(tx: Tx, videoId: string, time: number): Promise<boolean> {
  const task = await tx
    .selectFrom('tasks')
    .selectAll()
    .where('video_id', '=', videoId)
    .where('kind', '=', 'poster')
    .forUpdate()
    .executeTakeFirst()
  if (!task) return false
  if (task.state === 'queued' || task.state === 'running' || task.held) await releaseAttempt(tx, task)
  await restart(tx, task, { ...task.params, time } as TaskWork)
  return true
}

async function releaseAttempt(tx: Tx, { id, video_id: videoId, attempt }: TaskRow): Promise<void> {
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

/** False, without a change, once the video has a source; the row decides which of the two came first. */
export async function setWatermark(tx: Tx, videoId: string, watermark: StoredWatermark | null): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('videos')
    .set({ watermark: watermark && JSON.stringify(watermark) })
    .where('id', '=', videoId)
    .where('upload_id', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}
