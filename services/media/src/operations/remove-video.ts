import { events } from '@kinora/common/contracts'
import { addEvent } from '@kinora/common/db'
import { keys } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import type { Tx, VideoRow } from '../db/schema.ts'
import { queueFolderDeletion, queueQuarantine } from '../repositories/deletions.ts'
import { lockPlaylists } from '../repositories/publications.ts'
import { type DeleteOnly, deleteRow } from '../repositories/videos.ts'
import { revokeForDeletion } from './revoke-delivery.ts'
import { enqueueDeliveries } from './webhook-deliveries.ts'

/**
 * Deletes the row, and with it playback, at the commit. The files follow; they go to quarantine where nobody has asked for
 * the video to be deleted. Undefined when there is no such video, or `only` does not hold.
 */
export async function removeVideo(
  { now }: Pick<Context, 'now'>,
  tx: Tx,
  videoId: string,
  files: 'remove' | 'quarantine',
  only?: DeleteOnly,
): Promise<VideoRow | undefined> {
  // Waits for a publisher that is writing the playlists; once the row is gone, no other starts.
  await lockPlaylists(tx, videoId)
  const removed = await deleteRow(tx, videoId, only)
  if (!removed) return undefined
  const { project_id: projectId, owner_id: ownerId, sequence } = removed
  for (const key of [keys.videoFolder(videoId), keys.sourceFolder(videoId), keys.piecesFolder(videoId)]) {
    if (files === 'remove') await queueFolderDeletion(tx, key, projectId)
    else await queueQuarantine(tx, { key, folder: true }, projectId)
  }
  const about = { aggregateId: videoId, sequence: Number(sequence) + 1 }
  await addEvent(tx, events['video.deleted'], about, { videoId, ownerId })
  await enqueueDeliveries(tx, ['video.deleted'], removed, now())
  await revokeForDeletion(tx, removed, now())
  return removed
}
