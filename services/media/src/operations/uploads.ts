import { AppError } from '@kinora/common/errors'
import { keys, type Store } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import type { Tx, UploadRow, VideoRow } from '../db/schema.ts'
import { quotaFor } from '../domain/quota.ts'
import { isDeclaredAsOther, REFUSED_TYPES } from '../domain/source-type.ts'
import { queueFolderDeletion, queueQuarantine } from '../repositories/deletions.ts'
import { isSweepConfirmed } from '../repositories/installation.ts'
import { lockQuota, usageOf } from '../repositories/project-limits.ts'
import { lockPlaylists } from '../repositories/publications.ts'
import { isBeingReplaced } from '../repositories/replacements.ts'
import {
  addUploadPart,
  countAbandoned,
  deleteUploadRow,
  hasOtherUploads,
  insertUpload,
  type NewUpload,
} from '../repositories/uploads.ts'
import { lockVideo } from '../repositories/video-states.ts'
import { removeVideo } from './remove-video.ts'
import { endSpeculationOf } from './speculative-segments.ts'

/** Whether a new source takes the place of one that the video has. Throws while that one is being processed. */
export function replacesSource({ upload_id: uploadId, status }: VideoRow): boolean {
  if (uploadId !== null && status !== 'ready' && status !== 'failed') throw new AppError('SOURCE_ALREADY_UPLOADED')
  return uploadId !== null
}

/** Of several uploads of one video that waits for its source, the first that is complete becomes it. */
export function assertAwaitsSource(video: VideoRow): void {
  if (video.upload_id !== null) throw new AppError('SOURCE_ALREADY_UPLOADED')
}

export function assertMayBeVideo(contentType: string | null): void {
  if (isDeclaredAsOther(contentType)) throw new AppError('SOURCE_TYPE_UNSUPPORTED', { detail: REFUSED_TYPES })
}

/**
 * Reserves quota for an upload until it is registered or aborted. One project's uploads pass here one after the other, so
 * that two that begin together cannot both take the rest of the quota, nor replace the same source.
 * @param upload with `bytes` null where the length is not known; then at most `maxBytes` are reserved
 */
export async function reserve(
  { config }: Context,
  tx: Tx,
  {
    maxBytes = Number.MAX_SAFE_INTEGER,
    ...upload
  }: Omit<NewUpload, 'bytes' | 'lengthKnown'> & { bytes: number | null; maxBytes?: number },
): Promise<UploadRow> {
  await lockQuota(tx, upload.projectId)
  const usage = await usageOf(tx, config, upload.projectId)
  if (upload.replaces && (await isBeingReplaced(tx, upload.videoId))) throw new AppError('REPLACEMENT_IN_PROGRESS')
  if (usage.uploads >= config.MAX_OPEN_UPLOADS) throw new AppError('UPLOAD_LIMIT_REACHED')
  const bytes = Math.min(quotaFor(upload.bytes, usage), maxBytes)
  const lengthKnown = upload.bytes !== null
  return await insertUpload(tx, { ...upload, bytes, lengthKnown }, config.UPLOAD_EXPIRY_SECONDS)
}

/**
 * Deletes an upload with its parts, and the video that was created for it: for good where its client has asked for that,
 * otherwise to quarantine. Of an upload whose source is registered only the record is deleted.
 */
export async function abortUpload(
  ctx: Context,
  tx: Tx,
  { id, video_id: videoId }: Pick<UploadRow, 'id' | 'video_id'>,
  reason: 'asked' | 'expired',
): Promise<void> {
  await lockPlaylists(tx, videoId)
  // In the same order as when the source is registered: video, then upload.
  const video = await lockVideo(tx, videoId)
  const row = await deleteUploadRow(tx, id)
  if (!row || row.completed_at !== null) return
  const parts = keys.pieces(videoId, id)
  if (reason === 'expired') await queueQuarantine(tx, { key: parts, folder: true }, row.project_id)
  else await queueFolderDeletion(tx, parts, row.project_id)
  await endSpeculationOf(tx, videoId, id)
  if (row.made_video && video?.upload_id === null && !(await hasOtherUploads(tx, videoId))) {
    await removeVideo(ctx, tx, videoId, reason === 'asked' ? 'remove' : 'quarantine')
  }
}

/**
 * Seals the upload part that is being written and counts its bytes: a gateway that still writes to it writes nothing that
 * counts. The row is locked, so of two requests that take an upload over at once the second finds the part of the first.
 * @returns the row as it is afterwards
 */
export async function sealPart(tx: Tx, store: Store, row: UploadRow): Promise<UploadRow> {
  if (row.piece_id === null) return row
  const arrived = await store.sealPiece(keys.piece(row.video_id, row.id, row.piece_id))
  const bytes = Math.min(arrived, Number(row.bytes) - Number(row.received))
  return await addUploadPart(tx, row, { id: row.piece_id, bytes })
}

/** When more than this many times the limit of one account is abandoned in all accounts, an operator must confirm. */
const ALL_ACCOUNTS = 5

export interface SweepPlan {
  /** Abandoned uploads that are swept only after an operator has confirmed. */
  waiting: number
  /** Accounts with more abandoned uploads than this are left alone; null: no account is. */
  limitPerProject: number | null
}

/** Decides whether abandoned uploads are swept, or are so many that a wrong clock or an old database is more likely. */
export async function planSweep({ db, config }: Pick<Context, 'db' | 'config'>): Promise<SweepPlan> {
  if (await isSweepConfirmed(db)) return { waiting: 0, limitPerProject: null }
  const { SWEEP_LIMIT } = config
  const { all, overLimit } = await countAbandoned(db, SWEEP_LIMIT)
  if (all > ALL_ACCOUNTS * SWEEP_LIMIT) return { waiting: all, limitPerProject: 0 }
  return { waiting: overLimit, limitPerProject: SWEEP_LIMIT }
}
