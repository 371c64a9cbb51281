import { keys, type Piece, type Store } from '@kinora/common/storage'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { MediaDb } from '../db/schema.ts'
import type { UploadRow } from '../db/upload-tables.ts'

/**
 * Counts what has arrived of the piece that is being written, and ends it: whoever still writes to it writes for nothing.
 * The row is locked, so of two that take an upload over at the same moment the second finds the first one's piece.
 * @returns the row as it is afterwards
 */
export async function settle(tx: Transaction<MediaDb>, store: Store, row: UploadRow): Promise<UploadRow> {
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

export async function isSettled(tx: Transaction<MediaDb>, uploadId: string, pieceId: string): Promise<boolean> {
  const found = await tx
    .selectFrom('upload_pieces')
    .select('piece_id')
    .where('upload_id', '=', uploadId)
    .where('piece_id', '=', pieceId)
    .executeTakeFirst()
  return found !== undefined
}

export async function piecesOf(db: Kysely<MediaDb>, { id, video_id: videoId }: UploadRow): Promise<Piece[]> {
  const rows = await db
    .selectFrom('upload_pieces')
    .select(['piece_id', 'bytes'])
    .where('upload_id', '=', id)
    .orderBy('at_offset')
    .execute()
  return rows.map(({ piece_id, bytes }) => ({ key: keys.piece(videoId, id, piece_id), bytes: Number(bytes) }))
}
