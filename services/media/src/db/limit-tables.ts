import type { ColumnType } from 'kysely'

type Amount = ColumnType<string | null, number | null | undefined, number | null>

export interface OwnerLimitsTable {
  owner_id: string
  stored_bytes: Amount
  upload_bytes: Amount
  minutes: Amount
  video_seconds: Amount
  running_tasks: Amount
}
