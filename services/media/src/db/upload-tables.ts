import type { ColumnType, Generated, Selectable } from 'kysely'

/** `pg` reads a bigint as text. */
type BigInteger = ColumnType<string, number, number>

export interface UploadsTable {
  id: string
  video_id: string
  owner_id: string
  resumable: boolean
  bytes: BigInteger
  filename: string | null
  metadata: string | null
  made_video: Generated<boolean>
  received: ColumnType<string, number | undefined, number>
  piece_id: string | null
  created_at: Generated<Date>
  touched_at: Generated<Date>
  expires_at: Date
  completed_at: Date | null
}
export type UploadRow = Selectable<UploadsTable>

export interface UploadPiecesTable {
  upload_id: string
  at_offset: BigInteger
  piece_id: string
  bytes: BigInteger
}
