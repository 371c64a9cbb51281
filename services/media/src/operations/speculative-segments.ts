import type { SourceFacts } from '@kinora/common/contracts'
import { keys } from '@kinora/common/storage'
import { sql } from 'kysely'
import type { MediaConfig } from '../config.ts'
import type { Tx, VideoRow } from '../db/schema.ts'
import type { PlannedTask } from '../db/stored.ts'
import { probeTask } from '../domain/plan.ts'
import { type Beginning, earlyHead, makesTheSame } from '../domain/speculative-segments.ts'
import { overlayOf } from '../domain/watermark.ts'
import { queueFolderDeletion } from '../repositories/deletions.ts'
import { addTasks, IDLE, sendTasks } from '../repositories/tasks.ts'

/** Before all tasks of a plan. */
const EARLY = { probe: -2, head: -1 } as const

/*
 * A head start: while a source still arrives, its beginning is probed and its first segments are made. Nothing of it is shown
 * before the whole source is there and was probed. All of this runs under the lock of the video.
 */

/** A video gets one head start, while its source is not there. False when nobody will read this beginning. */
export async function beginHeadStart(tx: Tx, video: VideoRow, { key, share }: Beginning): Promise<boolean> {
  if (video.upload_id !== null) return false
  const begun = await beginningOf(tx, video.id)
  if (begun !== undefined) return begun === key
  await addTasks(tx, video.id, [{ ...probeTask(key), ordinal: EARLY.probe, label: 'probe of the beginning' }], share)
  return true
}

/** What the head start of a video reads, if it has one. */
async function beginningOf(tx: Tx, videoId: string): Promise<string | undefined> {
  const { rows } = await sql<{ key: string }>`select params->>'sourceKey' as key from tasks
    where video_id = ${videoId} and kind = 'probe' and early_share is not null`.execute(tx)
  return rows[0]?.key
}

/** The beginning was probed. Where the source has come meanwhile, its own probe goes on. */
export async function planHeadStart(
  tx: Tx,
  video: VideoRow,
  found: SourceFacts,
  beginning: Beginning,
  { MAX_RENDITION }: Pick<MediaConfig, 'MAX_RENDITION'>,
): Promise<void> {
  if (video.upload_id !== null) return
  const watermark = video.watermark ? overlayOf(video.watermark) : undefined
  const head = earlyHead(found, beginning, { maxShortSide: MAX_RENDITION, watermark })
  if (!head) return
  await addTasks(tx, video.id, [{ ...head, ordinal: EARLY.head, label: `${head.label}, early` }], beginning.share)
}

/**
 * Takes what was begun into the plan, where it is what the plan asks for, whether it is done or still runs; the rest is
 * dropped. Gives the tasks that are left to be added.
 */
export async function takeHeadStart(tx: Tx, video: VideoRow, planned: PlannedTask[]): Promise<PlannedTask[]> {
  const early = await tx
    .selectFrom('tasks')
    .select(['id', 'attempt', 'state', 'params'])
    .where('video_id', '=', video.id)
    .where('early_share', 'is not', null)
    .where('kind', '=', 'video')
    .where('state', 'not in', ['failed', 'cancelled'])
    .executeTakeFirst()
  const taken = early && isOfSource(video, early.params) && planned.find(({ work }) => makesTheSame(work, early.params))
  if (taken) {
    const { ordinal, label, queue, weight, work } = taken
    await tx
      .updateTable('tasks')
      .set({ early_share: null, ordinal, label, queue, weight, params: JSON.stringify(work) })
      .where('id', '=', early.id)
      .execute()
    // Its message has the place of work that nobody waits for.
    if (early.state === 'queued') await sendTasks(tx, [{ id: early.id, attempt: early.attempt, queue }])
  }
  await endHeadStart(tx, video.id)
  return planned.filter((task) => task !== taken)
}

/** Of two uploads of one video, the other may have won. */
function isOfSource({ id, upload_id: uploadId }: VideoRow, params: PlannedTask['work']): boolean {
  return uploadId !== null && 'sourceKey' in params && params.sourceKey === keys.beginning(id, uploadId)
}

/** This upload is given up; another one of the same video may have the head start. */
export async function endHeadStartOf(tx: Tx, videoId: string, uploadId: string): Promise<void> {
  if ((await beginningOf(tx, videoId)) === keys.beginning(videoId, uploadId)) await endHeadStart(tx, videoId)
}

/** Nobody needs it any more: what runs has lost its lease, and what was written goes. */
export async function endHeadStart(tx: Tx, videoId: string): Promise<void> {
  await sql`update task_attempts attempt set state = 'released', ended_at = now() from tasks task
    where task.id = attempt.task_id and task.video_id = ${videoId} and task.early_share is not null
      and attempt.state in ('queued', 'running')`.execute(tx)
  const ended = await tx
    .updateTable('tasks')
    .set({ ...IDLE, state: 'cancelled' })
    .where('video_id', '=', videoId)
    .where('early_share', 'is not', null)
    .where('state', '<>', 'cancelled')
    .returning(['id', 'attempt'])
    .execute()
  for (const { id, attempt: last } of ended) {
    await tx.deleteFrom('parts').where('task_id', '=', id).execute()
    for (let attempt = 1; attempt <= last; attempt += 1) {
      await queueFolderDeletion(tx, keys.attempt(videoId, id, attempt))
    }
  }
}
