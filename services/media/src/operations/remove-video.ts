import { events } from '@kinora/common/contracts'
import { addEvent } from '@kinora/common/db'
import { keys } from '@kinora/common/storage'
import type { Tx, VideoRow } from '../db/schema.ts'
import { queueFolderDeletion, queueQuarantine } from '../repositories/deletions.ts'
import { lockPlaylists } from '../repositories/publications.ts'
import { deleteRow } from '../repositories/videos.ts'
import { tellOfVideo } from './webhook-deliveries.ts'

/**
 * The row is gone with the commit, and with it playback; the files follow, or go to quarantine where nobody has asked for
 * the video to be deleted. Undefined when there is no such video.
 */
export async function removeVideo(
  tx: Tx,
  videoId: string,
  files: 'remove' | 'quarantine',
): Promise<VideoRow | undefined> {
  // Whoever writes its playlists right now ends first; afterwards nobody starts.
  await lockPlaylists(tx, videoId)
  const removed = await deleteRow(tx, videoId)
  if (!removed) return undefined
  const { owner_id: ownerId, sequence } = removed
  for (const key of [keys.videoFolder(videoId), keys.sourceFolder(videoId), keys.piecesFolder(videoId)]) {
    if (files === 'remove') await queueFolderDeletion(tx, key, ownerId)
    else await queueQuarantine(tx, { key, folder: true }, ownerId)
  }
  const about = { aggregateId: videoId, sequence: Number(sequence) + 1 }
  await addEvent(tx, events['video.deleted'], about, { videoId, ownerId })
  await tellOfVideo(tx, ['video.deleted'], removed)
  return removed
}
