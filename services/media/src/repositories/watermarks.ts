import type { Transaction } from 'kysely'
import type { MediaDb } from '../db/schema.ts'
import type { StoredWatermark } from '../domain/watermark.ts'

/** False, and nothing changes, once the video has a source: of the two that come at once, the row says which was first. */
export async function setWatermark(
  tx: Transaction<MediaDb>,
  videoId: string,
  watermark: StoredWatermark | null,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('videos')
    .set({ watermark: watermark && JSON.stringify(watermark) })
    .where('id', '=', videoId)
    .where('upload_id', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}
