import { keys } from '@kinora/common/storage'
import type { Transaction } from 'kysely'
import type { MediaDb } from '../db/schema.ts'
import { queueFolderDeletion } from '../repositories/deletions.ts'
import { completeUploadRow, deleteUploadRow } from '../repositories/uploads.ts'

/**
 * The source is registered, and takes the place of what was reserved for it; or another upload was first. What came in
 * pieces is remembered for a while, for a client that did not hear the answer.
 */
export async function endUpload(tx: Transaction<MediaDb>, uploadId: string, lost: boolean): Promise<void> {
  const row = await completeUploadRow(tx, uploadId)
  if (!row) return
  await queueFolderDeletion(tx, keys.pieces(row.video_id, uploadId), row.owner_id)
  if (lost || !row.resumable) await deleteUploadRow(tx, uploadId)
}
