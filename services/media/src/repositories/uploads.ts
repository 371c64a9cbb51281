import { AppError } from '@kinora/common/errors'
import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely'
import type { MediaDb, UploadRow } from '../db/schema.ts'

type Tx = Transaction<MediaDb>

/** An upload in one request is given up when nothing was heard of it for so long. */
const SINGLE_REQUEST_SECONDS = 15 * 60

export interface NewUpload {
  id: string
  videoId: string
  ownerId: string
  resumable: boolean
  bytes: number
  filename: string | null
  metadata: string | null
  madeVideo: boolean
}

export async function insertUpload(tx: Tx, upload: NewUpload, expirySeconds: number): Promise<UploadRow> {
  const { id, videoId, ownerId, resumable, bytes, filename, metadata, madeVideo } = upload
  const own = { id, resumable, bytes, filename, metadata }
  return await tx
    .insertInto('uploads')
    .values({
      ...own,
      video_id: videoId,
      owner_id: ownerId,
      made_video: madeVideo,
      expires_at: inSeconds(resumable ? expirySeconds : SINGLE_REQUEST_SECONDS),
    })
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** Locks an upload in pieces; to everybody but its owner it does not exist. The lock comes after that of a video. */
export async function lockUpload(tx: Tx, uploadId: string, ownerId: string): Promise<UploadRow> {
  const row = await lockRow(tx, uploadId)
  if (row?.owner_id !== ownerId || !row.resumable) throw new AppError('UPLOAD_NOT_FOUND')
  const unfinished = row.completed_at === null && row.received !== row.bytes
  if (unfinished && row.expires_at.getTime() <= Date.now()) throw new AppError('UPLOAD_EXPIRED')
  return row
}

export async function lockRow(tx: Tx, uploadId: string): Promise<UploadRow | undefined> {
  return await tx.selectFrom('uploads').selectAll().where('id', '=', uploadId).forUpdate().executeTakeFirst()
}

/** The client was heard of: its time begins anew. With a piece, that one is written from now on and no other. */
export async function touchUpload(
  tx: Tx,
  uploadId: string,
  expirySeconds: number,
  pieceId: string | null,
): Promise<UploadRow> {
  return await tx
    .updateTable('uploads')
    .set({ touched_at: sql<Date>`now()`, expires_at: inSeconds(expirySeconds), piece_id: pieceId })
    .where('id', '=', uploadId)
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** A sign of life of who receives an upload: its owner, and for one in pieces who writes the present one. */
export async function keepUpload(
  db: Kysely<MediaDb>,
  ref: { uploadId: string; ownerId: string; pieceId: string | null },
  expirySeconds: number,
): Promise<boolean> {
  const { numAffectedRows } = await sql`update uploads
    set touched_at = now(), expires_at = now() + make_interval(secs => case when resumable then ${expirySeconds}::int
      else ${SINGLE_REQUEST_SECONDS}::int end)
    where id = ${ref.uploadId} and owner_id = ${ref.ownerId} and piece_id is not distinct from ${ref.pieceId}
      and completed_at is null`.execute(db)
  return numAffectedRows === 1n
}

/** Its source is registered: what it reserved is taken now, and its pieces are of no more use. */
export async function completeUploadRow(tx: Tx, uploadId: string): Promise<UploadRow | undefined> {
  return await tx
    .updateTable('uploads')
    .set({ completed_at: sql<Date>`now()`, piece_id: null })
    .where('id', '=', uploadId)
    .where('completed_at', 'is', null)
    .returningAll()
    .executeTakeFirst()
}

export async function deleteUploadRow(tx: Tx, uploadId: string): Promise<UploadRow | undefined> {
  return await tx.deleteFrom('uploads').where('id', '=', uploadId).returningAll().executeTakeFirst()
}

export async function findUpload(db: Kysely<MediaDb>, uploadId: string): Promise<UploadRow | undefined> {
  return await db.selectFrom('uploads').selectAll().where('id', '=', uploadId).executeTakeFirst()
}

export async function hasOtherUploads(tx: Tx, videoId: string): Promise<boolean> {
  const found = await tx.selectFrom('uploads').select('id').where('video_id', '=', videoId).executeTakeFirst()
  return found !== undefined
}

const AT_ONCE = 100

/** One of which all has arrived, or may have, is finished instead; see `silentUploads`. */
export async function expiredUploads(db: Kysely<MediaDb>): Promise<UploadRow[]> {
  return await db
    .selectFrom('uploads')
    .selectAll()
    .where('expires_at', '<=', sql<Date>`now()`)
    .where(sql<boolean>`(completed_at is not null or not resumable or (piece_id is null and received < bytes))`)
    .limit(AT_ONCE)
    .execute()
}

/** Of those that nobody has been heard of for a while: a writer that ended without a word, or nothing left but to finish. */
export async function silentUploads(db: Kysely<MediaDb>, silentSeconds: number): Promise<UploadRow[]> {
  return await db
    .selectFrom('uploads')
    .selectAll()
    .where('resumable', '=', true)
    .where('completed_at', 'is', null)
    .where('touched_at', '<=', sql<Date>`now() - make_interval(secs => ${silentSeconds})`)
    .where((eb) => eb.or([eb('piece_id', 'is not', null), eb('received', '=', eb.ref('bytes'))]))
    .limit(AT_ONCE)
    .execute()
}

/** Puts a silent upload behind the others. */
export async function noteVisit(tx: Tx, uploadId: string): Promise<void> {
  await tx.updateTable('uploads').set({ touched_at: sql<Date>`now()` }).where('id', '=', uploadId).execute()
}

function inSeconds(seconds: number): RawBuilder<Date> {
  return sql<Date>`now() + make_interval(secs => ${seconds})`
}
