import { keys } from '@kinora/common/storage'
import type { MediaConfig } from '../config.ts'
import type { Tx, VideoRow } from '../db/schema.ts'
import type { PlannedTask } from '../db/stored.ts'
import { overlayOf, probeTask } from '../domain/plan.ts'
import { type Beginning, type Found, makesTheSame, speculativeHead } from '../domain/speculative-segments.ts'
import { queueFolderDeletion } from '../repositories/deletions.ts'
import { deleteParts } from '../repositories/segments.ts'
import {
  cancelSpeculativeTasks,
  findSpeculativeEncode,
  speculativeSource,
  takeOverTask,
} from '../repositories/speculative-tasks.ts'
import { addTasks, sendTasks } from '../repositories/tasks.ts'

/** Before all tasks of a plan. */
const ORDINALS = { probe: -2, head: -1 } as const

/*
 * Speculative first segments: while an upload still runs, its beginning is probed and its first segments are encoded. None
 * of it is published before the whole source was registered and probed. All of this runs under the lock of the video.
 */

/** A video gets speculative tasks once, before it has a source. False when no task will read this beginning. */
export async function beginSpeculation(tx: Tx, video: VideoRow, { key, share }: Beginning): Promise<boolean> {
  if (video.upload_id !== null) return false
  const begun = await speculativeSource(tx, video.id)
  if (begun !== undefined) return begun === key
  const probe = { ...probeTask(key), ordinal: ORDINALS.probe, label: 'probe of the beginning' }
  await addTasks(tx, video.id, [probe], share)
  return true
}

/** Plans the first segments by the probe of the beginning. Does nothing once the source is there: its own probe decides. */
export async function planSpeculation(
  tx: Tx,
  video: VideoRow,
  found: Found,
  beginning: Beginning,
  { MAX_RENDITION, REMUX }: Pick<MediaConfig, 'MAX_RENDITION' | 'REMUX'>,
): Promise<void> {
  if (video.upload_id !== null) return
  const watermark = overlayOf(video.watermark)
  const head = speculativeHead(found, beginning, { maxShortSide: MAX_RENDITION, watermark, remux: REMUX })
  if (!head) return
  const task = { ...head, ordinal: ORDINALS.head, label: `${head.label}, early` }
  await addTasks(tx, video.id, [task], beginning.share)
}

/**
 * Takes the speculative encode into the plan where the plan asks for the same files, whether it is done or still runs; all
 * other speculative tasks are cancelled. Returns the planned tasks that are left to be added.
 */
export async function takeOverSpeculation(tx: Tx, video: VideoRow, planned: PlannedTask[]): Promise<PlannedTask[]> {
  const early = await findSpeculativeEncode(tx, video.id)
  const taken = early && isOfSource(video, early.params) && planned.find(({ work }) => makesTheSame(work, early.params))
  if (taken) {
    await takeOverTask(tx, early.id, taken)
    // The first message has the priority of speculative work.
    if (early.state === 'queued') await sendTasks(tx, [{ id: early.id, attempt: early.attempt, queue: taken.queue }])
  }
  await endSpeculation(tx, video.id)
  return planned.filter((task) => task !== taken)
}

/** Another upload of the same video may have been registered. */
function isOfSource({ id, upload_id: uploadId }: VideoRow, params: PlannedTask['work']): boolean {
  return uploadId !== null && 'sourceKey' in params && params.sourceKey === keys.beginning(id, uploadId)
}

/** Ends the speculation of an aborted upload; it may also belong to another upload of the same video. */
export async function endSpeculationOf(tx: Tx, videoId: string, uploadId: string): Promise<void> {
  if ((await speculativeSource(tx, videoId)) === keys.beginning(videoId, uploadId)) await endSpeculation(tx, videoId)
}

/** Cancels all speculative tasks: running ones lose their lease, and their files are deleted. */
export async function endSpeculation(tx: Tx, videoId: string): Promise<void> {
  for (const { id, attempt: last } of await cancelSpeculativeTasks(tx, videoId)) {
    await deleteParts(tx, id)
    for (let attempt = 1; attempt <= last; attempt += 1) {
      await queueFolderDeletion(tx, keys.attempt(videoId, id, attempt))
    }
  }
}
