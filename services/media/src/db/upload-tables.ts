import type { Metadata, Visibility } from '@kinora/common/contracts'
import type { ColumnType, Generated, Selectable } from 'kysely'

/** `pg` reads a bigint as text. */
type BigInteger = ColumnType<string, number, number>
export type Amount = ColumnType<string | null, number | null | undefined, number | null>

export interface UploadsTable {
  id: string
  video_id: string
  owner_id: string
  project_id: string
  resumable: boolean
  bytes: BigInteger
  filename: string | null
  metadata: string | null
  upload_link_id: Generated<string | null>
  made_video: Generated<boolean>
  replaces: Generated<boolean>
  received: ColumnType<string, number | undefined, number>
  piece_id: string | null
  length_known: Generated<boolean>
  open: Generated<boolean>
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

export interface UploadLinksTable {
  id: string
  digest: string
  project_id: string
  owner_id: string
  title: string | null
  description: string
  tags: string[]
  visibility: Visibility
  metadata: ColumnType<Metadata, string | undefined, string>
  max_bytes: Amount
  max_duration_seconds: number | null
  content_types: string[] | null
  allowed_origins: string[] | null
  uses: number
  used: Generated<number>
  created_at: Generated<Date>
  expires_at: Date
  revoked_at: Date | null
}
export type UploadLinkRow = Selectable<UploadLinksTable>
