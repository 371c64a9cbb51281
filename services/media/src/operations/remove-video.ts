import { events } from '@kinora/common/contracts'
import { sayEvent } from '@kinora/common/db'
import { keys } from '@kinora/common/storage'
import type { Transaction } from 'kysely'
import type { MediaDb, VideoRow } from '../db/schema.ts'
import { tellOfVideo } from '../webhooks/tell-of-video.ts'
import { queueFolderDeletion } from './deletions.ts'
import { lockPlaylists } from './publications.ts'
import { deleteRow } from './videos.ts'

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
