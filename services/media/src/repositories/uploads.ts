import { AppError } from '@kinora/common/errors'
import { keys, type Piece } from '@kinora/common/storage'
import { type RawBuilder, sql } from 'kysely'
import type { Db, Tx, UploadRow } from '../db/schema.ts'

/** An upload in one request is aborted after this time without a sign of life from its gateway. */
const SINGLE_REQUEST_SECONDS = 15 * 60

export interface NewUpload {
  id: string
  videoId: string
  ownerId: string
  projectId: string
  resumable: boolean
  bytes: number
  filename: string | null
  metadata: string | null
  madeVideo: boolean
  /** The video has a source, and gets this one in its place. */
  replaces?: boolean
  uploadLinkId?: string
  /** Whether `bytes` is the length of the file, and not the most that it may have. */
  lengthKnown: boolean
  /** Whether more may follow when all bytes of a known length have arrived. */
  open?: boolean
}

export async function insertUpload(tx: Tx, upload: NewUpload, expirySeconds: number): Promise<UploadRow> {
  const { id, videoId, ownerId, projectId, resumable, bytes, filename, metadata, madeVideo, replaces, uploadLinkId } =
    upload
  const own = { id, resumable, bytes, filename, metadata }
  return await tx
    .insertInto('uploads')
    .values({
      ...own,
      video_id: videoId,
      owner_id: ownerId,
      project_id: projectId,
      made_video: madeVideo,
      replaces: replaces ?? false,
      upload_link_id: uploadLinkId ?? null,
      length_known: upload.lengthKnown,
      open: upload.open ?? false,
      expires_at: inSeconds(resumable ? expirySeconds : SINGLE_REQUEST_SECONDS),
    })
    .returningAll()
    .executeTakeFirstOrThrow()
}

/**
 * Locks a resumable upload, with a check of whether the caller may. A video is locked before its upload.
 * @param assertAllowed throws `UPLOAD_NOT_FOUND` for those to whom the upload does not exist
 */
export async function lockUpload(
  tx: Tx,
  uploadId: string,
  assertAllowed: (row: UploadRow) => void,
): Promise<UploadRow> {
  const row = await lockRow(tx, uploadId)
  if (!row?.resumable) throw new AppError('UPLOAD_NOT_FOUND')
  assertAllowed(row)
  const unfinished = row.completed_at === null && !hasArrived(row)
  if (unfinished && (await isExpired(tx, uploadId))) throw new AppError('UPLOAD_EXPIRED')
  return row
}

/** Whether the whole file has arrived, and nothing may follow. */
export function hasArrived({ received, bytes, length_known, open }: UploadRow): boolean {
  return received === bytes && length_known && !open
}

/** The same of rows. */
const ARRIVED = sql<boolean>`(received = bytes and length_known and not open)`

/** By the clock of the database, which has set the expiry. */
async function isExpired(tx: Tx, uploadId: string): Promise<boolean> {
  const query = tx.selectFrom('uploads').select('id').where('id', '=', uploadId)
  return (await query.where('expires_at', '<=', sql<Date>`now()`).executeTakeFirst()) !== undefined
}

export async function lockRow(tx: Tx, uploadId: string): Promise<UploadRow | undefined> {
  return await tx.selectFrom('uploads').selectAll().where('id', '=', uploadId).forUpdate().executeTakeFirst()
}

/** What a request has said of the file: its length, where it was not known, and whether more may follow. */
export async function recordDeclaration(
  tx: Tx,
  uploadId: string,
  { length, open }: { length: number | null; open: boolean },
): Promise<UploadRow> {
  return await tx
    .updateTable('uploads')
    .set({ open, ...(length !== null && { bytes: length, length_known: true }) })
    .where('id', '=', uploadId)
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** Renews the expiry after a request of the client. Only the part `pieceId` may be written from now on; null: none. */
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

/** A sign of life of the gateway that receives an upload; of a resumable one only while its part is the current one. */
export async function keepUpload(
  db: Db,
  ref: { uploadId: string; pieceId: string | null },
  expirySeconds: number,
): Promise<boolean> {
  const { numAffectedRows } = await sql`update uploads
    set touched_at = now(), expires_at = now() + make_interval(secs => case when resumable then ${expirySeconds}::int
      else ${SINGLE_REQUEST_SECONDS}::int end)
    where id = ${ref.uploadId} and piece_id is not distinct from ${ref.pieceId}
      and completed_at is null`.execute(db)
  return numAffectedRows === 1n
}

/** Its source is registered: the reserved quota is used now, and its parts are no longer needed. */
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

export async function findUpload(db: Db, uploadId: string): Promise<UploadRow | undefined> {
  return await db.selectFrom('uploads').selectAll().where('id', '=', uploadId).executeTakeFirst()
}

/** Uploads by a link whose source is not registered. */
export async function openUploadsOfLink(db: Db, uploadLinkId: string): Promise<UploadRow[]> {
  const query = db.selectFrom('uploads').selectAll().where('upload_link_id', '=', uploadLinkId)
  return await query.where('completed_at', 'is', null).execute()
}

export async function hasOtherUploads(tx: Tx, videoId: string): Promise<boolean> {
  const found = await tx.selectFrom('uploads').select('id').where('video_id', '=', videoId).executeTakeFirst()
  return found !== undefined
}

const AT_ONCE = 100

/** Records of uploads whose source was registered, kept for clients that did not receive the response. */
export async function expiredRecords(db: Db): Promise<UploadRow[]> {
  const query = db.selectFrom('uploads').selectAll().where('expires_at', '<=', sql<Date>`now()`)
  return await query.where('completed_at', 'is not', null).limit(AT_ONCE).execute()
}

/** An upload whose bytes have all arrived, or may have, is finished instead; see `silentUploads`. */
const ABANDONED = sql<boolean>`(completed_at is null and expires_at <= now()
  and (not resumable or (piece_id is null and not ${ARRIVED})))`

/** Abandoned uploads of projects that have at most `limitPerProject` of them. */
export async function abandonedUploads(db: Db, limitPerProject: number | null): Promise<UploadRow[]> {
  let query = db.selectFrom('uploads').selectAll().where(ABANDONED).limit(AT_ONCE)
  if (limitPerProject !== null) {
    query = query.where(sql<boolean>`project_id in (select project_id from uploads where ${ABANDONED}
      group by project_id having count(*) <= ${limitPerProject})`)
  }
  return await query.execute()
}

/** How many abandoned uploads there are: of all projects, and of those with more than `limitPerProject`. */
export async function countAbandoned(db: Db, limitPerProject: number): Promise<{ all: number; overLimit: number }> {
  const { rows } = await sql<{ all: number; overLimit: number }>`
    select coalesce(sum(count), 0)::int as all,
      coalesce(sum(count) filter (where count > ${limitPerProject}), 0)::int as "overLimit"
    from (select count(*) from uploads where ${ABANDONED} group by project_id) as projects`.execute(db)
  return rows[0] ?? { all: 0, overLimit: 0 }
}

/** Resumable uploads without a sign of life that have an unsealed part, or only need to be finished. */
export async function silentUploads(db: Db, silentSeconds: number): Promise<UploadRow[]> {
  return await db
    .selectFrom('uploads')
    .selectAll()
    .where('resumable', '=', true)
    .where('completed_at', 'is', null)
    .where('touched_at', '<=', sql<Date>`now() - make_interval(secs => ${silentSeconds})`)
    .where((eb) => eb.or([eb('piece_id', 'is not', null), ARRIVED]))
    .limit(AT_ONCE)
    .execute()
}

/** Puts a silent upload behind the others in the next run. */
export async function recordVisit(tx: Tx, uploadId: string): Promise<void> {
  await tx.updateTable('uploads').set({ touched_at: sql<Date>`now()` }).where('id', '=', uploadId).execute()
}

function inSeconds(seconds: number): RawBuilder<Date> {
  return sql<Date>`now() + make_interval(secs => ${seconds})`
}

/** Ends the part that is being written, and adds its bytes where it has any. Returns the upload as it is afterwards. */
export async function addUploadPart(
  tx: Tx,
  { id: uploadId, received }: UploadRow,
  part: { id: string; bytes: number },
): Promise<UploadRow> {
  if (part.bytes > 0) {
    const row = { upload_id: uploadId, piece_id: part.id, at_offset: Number(received), bytes: part.bytes }
    await tx.insertInto('upload_pieces').values(row).execute()
  }
  return await tx
    .updateTable('uploads')
    .set({ piece_id: null, received: sql<number>`received + ${part.bytes}::bigint` })
    .where('id', '=', uploadId)
    .returningAll()
    .executeTakeFirstOrThrow()
}

export async function isPartSealed(tx: Tx, uploadId: string, partId: string): Promise<boolean> {
  const found = await tx
    .selectFrom('upload_pieces')
    .select('piece_id')
    .where('upload_id', '=', uploadId)
    .where('piece_id', '=', partId)
    .executeTakeFirst()
  return found !== undefined
}

/** The sealed parts of an upload, in order. */
export async function uploadParts(db: Db, { id, video_id: videoId }: UploadRow): Promise<Piece[]> {
  const rows = await db
    .selectFrom('upload_pieces')
    .select(['piece_id', 'bytes'])
    .where('upload_id', '=', id)
    .orderBy('at_offset')
    .execute()
  return rows.map(({ piece_id, bytes }) => ({ key: keys.piece(videoId, id, piece_id), bytes: Number(bytes) }))
}
