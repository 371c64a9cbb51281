import { keys, type Piece } from '@kinora/common/storage'
import { sql } from 'kysely'
import type { Db, Tx, UploadRow } from '../db/schema.ts'

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
