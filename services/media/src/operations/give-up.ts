import { keys } from '@kinora/common/storage'
import { sql, type Transaction } from 'kysely'
import type { MediaDb } from '../db/schema.ts'
import type { UploadRow } from '../db/upload-tables.ts'
import { queueFolderDeletion } from '../repositories/deletions.ts'
import { lockPlaylists } from '../repositories/publications.ts'
import { deleteUploadRow, hasOtherUploads } from '../repositories/uploads.ts'
import { endHeadStartOf } from './early-segments.ts'
import { removeVideo } from './remove-video.ts'

type Tx = Transaction<MediaDb>

/**
 * Forgets an upload; what has arrived goes with it, and the video that was made for it. Of one whose source is registered
 * only the record goes.
 */
export async function giveUp(tx: Tx, { id, video_id: videoId }: Pick<UploadRow, 'id' | 'video_id'>): Promise<void> {
  await lockPlaylists(tx, videoId)
  // The order of locks: whoever registers the source has the video's first, too.
  await sql`select from videos where id = ${videoId} for no key update`.execute(tx)
  const row = await deleteUploadRow(tx, id)
  if (!row || row.completed_at !== null) return
  await queueFolderDeletion(tx, keys.pieces(videoId, id), row.owner_id)
  await endHeadStartOf(tx, videoId, id)
  if (row.made_video && (await awaitsSource(tx, videoId)) && !(await hasOtherUploads(tx, videoId))) {
    await removeVideo(tx, videoId)
  }
}

async function awaitsSource(tx: Tx, videoId: string): Promise<boolean> {
  const video = await tx
    .selectFrom('videos')
    .select('id')
    .where('id', '=', videoId)
    .where('upload_id', 'is', null)
    .executeTakeFirst()
  return video !== undefined
}
