import { AppError } from '@kinora/common/errors'
import { keys, type Piece, type Store } from '@kinora/common/storage'
import { sql } from 'kysely'
import type { Context } from '../context.ts'
import type { Db, Tx, UploadRow, VideoRow } from '../db/schema.ts'
import { roomFor } from '../domain/quota.ts'
import { isDeclaredAsVideo, TAKEN_TYPES } from '../domain/source-type.ts'
import { queueFolderDeletion, queueQuarantine } from '../repositories/deletions.ts'
import { lockRoom, standingOf } from '../repositories/owner-limits.ts'
import { lockPlaylists } from '../repositories/publications.ts'
import { deleteUploadRow, hasOtherUploads, insertUpload, type NewUpload } from '../repositories/uploads.ts'
import { removeVideo } from './remove-video.ts'
import { endHeadStartOf } from './speculative-segments.ts'

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
  tx: Tx,
  upload: Omit<NewUpload, 'bytes'> & { bytes: number | null },
): Promise<UploadRow> {
  await lockRoom(tx, upload.ownerId)
  const bytes = roomFor(upload.bytes, await standingOf(tx, ctx.config, upload.ownerId))
  return await insertUpload(tx, { ...upload, bytes }, ctx.config.UPLOAD_EXPIRY_SECONDS)
}

/**
 * Deletes an upload with what has arrived, and the video that was created for it: for good where its client has asked for
 * that, else to quarantine. Of one whose source is registered only the record goes.
 */
export async function giveUp(
  tx: Tx,
  { id, video_id: videoId }: Pick<UploadRow, 'id' | 'video_id'>,
  reason: 'asked' | 'expired',
): Promise<void> {
  await lockPlaylists(tx, videoId)
  // The order of locks: whoever registers the source has the video's first, too.
  await sql`select from videos where id = ${videoId} for no key update`.execute(tx)
  const row = await deleteUploadRow(tx, id)
  if (!row || row.completed_at !== null) return
  const pieces = keys.pieces(videoId, id)
  if (reason === 'expired') await queueQuarantine(tx, { key: pieces, folder: true }, row.owner_id)
  else await queueFolderDeletion(tx, pieces, row.owner_id)
  await endHeadStartOf(tx, videoId, id)
  if (row.made_video && (await awaitsSource(tx, videoId)) && !(await hasOtherUploads(tx, videoId))) {
    await removeVideo(tx, videoId, reason === 'asked' ? 'remove' : 'quarantine')
  }
}

async function awaitsSource(tx: Tx, videoId: string): Promise<boolean> {
  const video = await tx
    .selectFrom('videos')
    .select('id')
    .where('id', '=', videoId)
    .where('upload_id', 'is', null)
    .executeTakeFirst()
  return video !== undefined
}

/**
 * Counts what has arrived of the piece that is being written, and ends it: whoever still writes to it writes for nothing.
 * The row is locked, so of two that take an upload over at the same moment the second finds the first one's piece.
 * @returns the row as it is afterwards
 */
export async function settle(tx: Tx, store: Store, row: UploadRow): Promise<UploadRow> {
  if (row.piece_id === null) return row
  const arrived = await store.sealPiece(keys.piece(row.video_id, row.id, row.piece_id))
  const bytes = Math.min(arrived, Number(row.bytes) - Number(row.received))
  if (bytes > 0) {
    const piece = { piece_id: row.piece_id, at_offset: Number(row.received), bytes }
    await tx
      .insertInto('upload_pieces')
      .values({ upload_id: row.id, ...piece })
      .execute()
  }
  return await tx
    .updateTable('uploads')
    .set({ piece_id: null, received: sql<number>`received + ${bytes}::bigint` })
    .where('id', '=', row.id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

export async function isSettled(tx: Tx, uploadId: string, pieceId: string): Promise<boolean> {
  const found = await tx
    .selectFrom('upload_pieces')
    .select('piece_id')
    .where('upload_id', '=', uploadId)
    .where('piece_id', '=', pieceId)
    .executeTakeFirst()
  return found !== undefined
}

export async function piecesOf(db: Db, { id, video_id: videoId }: UploadRow): Promise<Piece[]> {
  const rows = await db
    .selectFrom('upload_pieces')
    .select(['piece_id', 'bytes'])
    .where('upload_id', '=', id)
    .orderBy('at_offset')
    .execute()
  return rows.map(({ piece_id, bytes }) => ({ key: keys.piece(videoId, id, piece_id), bytes: Number(bytes) }))
}
