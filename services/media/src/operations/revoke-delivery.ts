import { events } from '@kinora/common/contracts'
import { addEvent } from '@kinora/common/db'
import type { Tx, VideoRow } from '../db/schema.ts'
import { raiseEpoch, recordRevocation } from '../repositories/delivery-revocations.ts'
import { incrementSequence } from '../repositories/video-states.ts'
import { enqueueDeliveries } from './webhook-deliveries.ts'

/** No address of a gateway lives longer: twice a day, the longest bucket and the longest need, and an hour for clocks. */
export const MAX_ADDRESS_MS = 49 * 3600 * 1000

/**
 * Ends all addresses of the files of a video that gateways have given out. Its links stay valid: whoever asks for a playlist
 * again gets new addresses, unless the video is not theirs to play any more. For a video whose row is locked.
 */
export async function revokeDelivery(tx: Tx, video: VideoRow, now: Date): Promise<void> {
  const epoch = await raiseEpoch(tx, video.id)
  await incrementSequence(tx, video.id)
  await publishRevocation(tx, { ...video, sequence: String(Number(video.sequence) + 1) }, epoch, now)
}

/** The same for a video that was deleted in this transaction. */
export async function revokeForDeletion(tx: Tx, video: VideoRow, now: Date): Promise<void> {
  if (wasPublished(video)) await publishRevocation(tx, video, null, now)
}

/** Whether there are addresses to revoke. */
export function wasPublished({ material_published }: VideoRow): boolean {
  return material_published > 0
}

async function publishRevocation(tx: Tx, video: VideoRow, epoch: number | null, now: Date): Promise<void> {
  const { id: videoId, sequence } = video
  const expiresAt = new Date(now.getTime() + MAX_ADDRESS_MS)
  await recordRevocation(tx, { videoId, epoch, expiresAt })
  const about = { aggregateId: videoId, sequence: Number(sequence) }
  const data = { videoId, epoch, expiresAt: expiresAt.toISOString() }
  await addEvent(tx, events['video.delivery-revoked'], about, data)
  await enqueueDeliveries(tx, ['video.delivery_revoked'], video, now)
}
