import { AppError } from '@kinora/common/errors'
import type { Transaction } from 'kysely'
import type { Context } from '../context.ts'
import type { MediaDb, VideoRow } from '../db/schema.ts'
import type { UploadRow } from '../db/upload-tables.ts'
import { roomFor } from '../domain/quota.ts'
import { isDeclaredAsVideo, TAKEN_TYPES } from '../domain/source-type.ts'
import { lockRoom, standingOf } from '../repositories/quota-usage.ts'
import { insertUpload, type NewUpload } from '../repositories/uploads.ts'

export function assertAwaitsSource(video: VideoRow): void {
  if (video.upload_id !== null) throw new AppError('SOURCE_ALREADY_UPLOADED')
}

export function assertDeclaredAsVideo(contentType: string | null, filename: string | null): void {
  if (!isDeclaredAsVideo(contentType, filename)) throw new AppError('SOURCE_TYPE_UNSUPPORTED', { detail: TAKEN_TYPES })
}

/**
 * Keeps room for an upload until it is registered or given up. All of one owner's go through here one after the other,
 * so that two which begin at once cannot both have the last of it.
 * @param upload with `bytes` null where the length is not known
 */
export async function reserve(
  ctx: Context,
  tx: Transaction<MediaDb>,
  upload: Omit<NewUpload, 'bytes'> & { bytes: number | null },
): Promise<UploadRow> {
  await lockRoom(tx, upload.ownerId)
  const bytes = roomFor(upload.bytes, await standingOf(tx, ctx.config, upload.ownerId))
  return await insertUpload(tx, { ...upload, bytes }, ctx.config.UPLOAD_EXPIRY_SECONDS)
}
