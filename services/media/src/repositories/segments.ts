import type { MediaPart } from '@kinora/common/contracts'
import { keys } from '@kinora/common/storage'
import { sql } from 'kysely'
import type { Db, Tx } from '../db/schema.ts'
import { isAdditional } from '../domain/plan.ts'
import { type Part, segmentsOf } from '../domain/segments.ts'
import { queueFolderDeletion } from './deletions.ts'

interface AttemptRef {
  taskId: string
  attempt: number
}

export interface WrittenParts {
  parts: Part[]
  /** Recorded segments and finished tasks, counted together as in `VideoState`. */
  material: number
  /** All tasks that write segments of the frames and of the first audio are done. */
  complete: boolean
}

/** All recorded segments of a video, as of one moment; those of an additional track once it is complete. */
export async function writtenParts(db: Db, videoId: string): Promise<WrittenParts> {
  const rows = await db
    .selectFrom('tasks')
    .leftJoin('parts', 'parts.task_id', 'tasks.id')
    .select(['tasks.id', 'tasks.kind', 'tasks.ordinal', 'tasks.state'])
    .select(['parts.attempt', 'parts.segments', 'parts.written'])
    .where('tasks.video_id', '=', videoId)
    .where('tasks.kind', 'in', ['audio', 'video'])
    .where('tasks.early_share', 'is', null)
    .execute()
  const counted = rows.filter((row) => row.state === 'done' || !isAdditional(row))
  const done = new Set(counted.filter(({ state }) => state === 'done').map(({ id }) => id))
  return {
    parts: counted.flatMap(({ id: taskId, attempt, written }) =>
      attempt === null || written === null ? [] : [{ taskId, attempt, written }],
    ),
    material: counted.reduce((sum, { segments }) => sum + (segments ?? 0), done.size),
    complete: counted.every(({ state }) => state === 'done'),
  }
}

/** The number of segments that earlier attempts have recorded. */
export async function writtenBefore(tx: Tx, { taskId, attempt }: AttemptRef): Promise<number> {
  const { rows } = await sql<{ written: number }>`select coalesce(sum(segments), 0)::integer as written from parts
    where task_id = ${taskId} and attempt < ${attempt}`.execute(tx)
  return rows[0]?.written ?? 0
}

/** Adds segments to those of the running attempt, which they must follow. */
export async function addPart(tx: Tx, { taskId, attempt }: AttemptRef, written: MediaPart): Promise<void> {
  const { from, to } = segmentsOf(written)
  // Nothing was left to do when this attempt began.
  if (from === to) return
  const segments = to - from
  await tx
    .insertInto('parts')
    .values({ task_id: taskId, attempt, first_segment: from, segments, written: JSON.stringify(written) })
    .execute()
  await sql`update tasks set written = written + ${segments} where id = ${taskId}`.execute(tx)
}

/** Replaces the segments that an attempt reported while it ran by those of its result. */
export async function replaceParts(tx: Tx, ref: AttemptRef, written: MediaPart): Promise<void> {
  const before = await writtenBefore(tx, ref)
  await tx.deleteFrom('parts').where('task_id', '=', ref.taskId).where('attempt', '=', ref.attempt).execute()
  await tx.updateTable('tasks').set({ written: before }).where('id', '=', ref.taskId).execute()
  await addPart(tx, ref, written)
}

/** Removes the files of an attempt, unless playlists list them or will. */
export async function discardFiles(tx: Tx, videoId: string, { taskId, attempt }: AttemptRef): Promise<void> {
  if (!(await hasParts(tx, { taskId, attempt }))) await queueFolderDeletion(tx, keys.attempt(videoId, taskId, attempt))
}

/** Whether this attempt has recorded segments. */
export async function hasParts(tx: Tx, { taskId, attempt }: AttemptRef): Promise<boolean> {
  const some = await tx
    .selectFrom('parts')
    .select('attempt')
    .where('task_id', '=', taskId)
    .where('attempt', '=', attempt)
    .limit(1)
    .execute()
  return some.length > 0
}

export async function deleteParts(tx: Tx, taskId: string): Promise<void> {
  await tx.deleteFrom('parts').where('task_id', '=', taskId).execute()
  await tx.updateTable('tasks').set({ written: 0 }).where('id', '=', taskId).execute()
}
