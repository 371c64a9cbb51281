import type { SourceFacts } from '@kinora/common/contracts'
import { keys } from '@kinora/common/storage'
import type { Transaction } from 'kysely'
import type { MediaConfig } from '../config.ts'
import type { MediaDb, VideoRow } from '../db/schema.ts'
import { copiedRung } from '../domain/ladder.ts'
import { planTasks, planVideo, probeTask } from '../domain/plan.ts'
import { shownFilename } from '../domain/source-type.ts'
import { overlayOf } from '../domain/watermark.ts'
import { queueFolderDeletion } from '../repositories/deletions.ts'
import { addTasks } from '../repositories/tasks.ts'
import { completeUploadRow, deleteUploadRow } from '../repositories/uploads.ts'
import { takeHeadStart } from './early-segments.ts'

export interface Upload {
  uploadId: string
  storageKey: string
  filename: string | null
  bytes: number
  sha256: string
}

/** Gives a video its source and its first task. */
export async function registerSource(tx: Transaction<MediaDb>, video: VideoRow, upload: Upload): Promise<void> {
  await tx
    .updateTable('videos')
    .set({
      upload_id: upload.uploadId,
      source_key: upload.storageKey,
      source_filename: shownFilename(upload.filename),
      source_bytes: upload.bytes,
      source_sha256: upload.sha256,
      status: 'uploaded',
    })
    .where('id', '=', video.id)
    .execute()
  await addTasks(tx, video.id, [probeTask(upload.storageKey)])
}

/** Turns what the probe found into a plan and all its tasks. */
export async function planWork(
  tx: Transaction<MediaDb>,
  video: VideoRow,
  facts: SourceFacts,
  { MAX_RENDITION, REMUX }: Pick<MediaConfig, 'MAX_RENDITION' | 'REMUX'>,
): Promise<void> {
  const plan = planVideo(facts, MAX_RENDITION, video.watermark ? overlayOf(video.watermark) : undefined)
  const renditions = plan.rungs.map(({ name, width, height }) => ({
    name,
    width,
    height,
    bitrate: null,
    status: 'processing',
  }))
  await tx
    .updateTable('videos')
    .set({
      facts: JSON.stringify(facts),
      plan: JSON.stringify(plan),
      renditions: JSON.stringify(renditions),
    })
    .where('id', '=', video.id)
    .execute()
  const sourceKey = video.source_key
  if (sourceKey === null) throw new Error('a video that was probed has a source')
  // A watermark lies in every picture: nothing can be copied then.
  const copied = REMUX && !plan.watermark ? copiedRung(facts, plan.rungs) : null
  const planned = planTasks(plan, facts, sourceKey, keys.videoFolder(video.id), copied)
  await addTasks(tx, video.id, await takeHeadStart(tx, video, planned))
}

/**
 * The source is registered, and takes the place of what was reserved for it; or another upload was first. What came in
 * pieces is remembered for a while, for a client that did not hear the answer.
 */
export async function endUpload(tx: Transaction<MediaDb>, uploadId: string, lost: boolean): Promise<void> {
  const row = await completeUploadRow(tx, uploadId)
  if (!row) return
  await queueFolderDeletion(tx, keys.pieces(row.video_id, uploadId), row.owner_id)
  if (lost || !row.resumable) await deleteUploadRow(tx, uploadId)
}
