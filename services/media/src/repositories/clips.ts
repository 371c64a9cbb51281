import type { Transaction } from 'kysely'
import type { MediaDb, VideoRow } from '../db/schema.ts'
import type { FrameRange } from '../domain/clip.ts'
import type { StoredWatermark } from '../domain/watermark.ts'
import { insertVideo } from './videos.ts'

type Tx = Transaction<MediaDb>

/** A video that nobody can delete before this transaction ends; whoever changes it otherwise need not wait. */
export async function keepVideo(tx: Tx, videoId: string): Promise<VideoRow | undefined> {
  return await tx.selectFrom('videos').selectAll().where('id', '=', videoId).forKeyShare().executeTakeFirst()
}

export async function insertClip(
  tx: Tx,
  about: { id: string; ownerId: string; title: string },
  range: FrameRange,
  watermark: StoredWatermark | null,
): Promise<VideoRow> {
  await insertVideo(tx, { ...about, description: '', tags: [], visibility: 'private' })
  return await tx
    .updateTable('videos')
    .set({ clip: JSON.stringify(range), watermark: watermark && JSON.stringify(watermark) })
    .where('id', '=', about.id)
    .returningAll()
    .executeTakeFirstOrThrow()
}
