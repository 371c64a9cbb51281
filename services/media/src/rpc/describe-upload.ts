import type { Actor } from '@kinora/common/contract'
import type { ResumableUpload } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { keys } from '@kinora/common/storage'
import type { Transaction } from 'kysely'
import type { Context } from '../context.ts'
import type { MediaDb } from '../db/schema.ts'
import type { UploadRow } from '../db/upload-tables.ts'
import { piecesOf } from '../operations/settle.ts'
import { findVideo } from '../repositories/videos.ts'
import { asVideo } from './as-video.ts'

/** A settled upload as gateways see it. */
export async function describeUpload(
  ctx: Context,
  tx: Transaction<MediaDb>,
  row: UploadRow,
  actor: Actor,
): Promise<ResumableUpload> {
  const { id, video_id: videoId, bytes, received, metadata, expires_at, completed_at } = row
  const unfinished = completed_at === null && received === bytes
  return {
    uploadId: id,
    videoId,
    bytes: Number(bytes),
    offset: Number(received),
    metadata,
    expiresAt: expires_at.toISOString(),
    completed: completed_at !== null,
    finish: unfinished ? await finishOf(ctx, tx, row, actor) : null,
  }
}

async function finishOf(
  ctx: Context,
  tx: Transaction<MediaDb>,
  row: UploadRow,
  actor: Actor,
): Promise<ResumableUpload['finish']> {
  const { id, video_id: videoId, filename } = row
  const video = await findVideo(tx, videoId)
  if (!video) throw new AppError('UPLOAD_NOT_FOUND')
  return {
    pieces: await piecesOf(tx, row),
    storageKey: keys.source(videoId, id),
    filename,
    video: asVideo(ctx, video, actor),
  }
}
