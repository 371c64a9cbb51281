import { events } from '@kinora/common/contracts'
import { sayEvent } from '@kinora/common/db'
import { keys } from '@kinora/common/storage'
import type { Transaction } from 'kysely'
import type { MediaDb, VideoRow } from '../db/schema.ts'
import { queueFolderDeletion } from '../repositories/deletions.ts'
import { lockPlaylists } from '../repositories/publications.ts'
import { deleteRow } from '../repositories/videos.ts'
import { tellOfVideo } from './webhook-deliveries.ts'

/** The row is gone with the commit, and with it playback; the files follow. Undefined when there is no such video. */
export async function removeVideo(tx: Transaction<MediaDb>, videoId: string): Promise<VideoRow | undefined> {
  // Whoever writes its playlists right now ends first; afterwards nobody starts.
  await lockPlaylists(tx, videoId)
  const removed = await deleteRow(tx, videoId)
  if (!removed) return undefined
  const { owner_id: ownerId, sequence } = removed
  await queueFolderDeletion(tx, keys.videoFolder(videoId), ownerId)
  await queueFolderDeletion(tx, keys.sourceFolder(videoId), ownerId)
  await queueFolderDeletion(tx, keys.piecesFolder(videoId), ownerId)
  const about = { aggregateId: videoId, sequence: Number(sequence) + 1 }
  await sayEvent(tx, events['video.deleted'], about, { videoId, ownerId })
  await tellOfVideo(tx, ['video.deleted'], removed)
  return removed
}
