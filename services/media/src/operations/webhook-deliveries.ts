import { events, type VideoEventType, type WebhookPayload } from '@kinora/common/contracts'
import { sayEvent } from '@kinora/common/db'
import type { Transaction } from 'kysely'
import type { MediaDb, VideoRow } from '../db/schema.ts'
import { videoFacts } from '../domain/video-facts.ts'
import { addDeliveries } from '../repositories/webhook-deliveries.ts'

/** Tells all who want to know, webhooks and listeners on the bus, if and only if the transaction commits. */
export async function tellOfVideo(
  tx: Transaction<MediaDb>,
  types: readonly VideoEventType[],
  video: VideoRow,
): Promise<void> {
  const { id: videoId, owner_id: ownerId, sequence } = video
  for (const type of types) {
    const payload: WebhookPayload = { type, timestamp: new Date().toISOString(), data: videoFacts(video) }
    await addDeliveries(tx, ownerId, { type, videoId, body: JSON.stringify(payload) })
    const about = { aggregateId: videoId, sequence: Number(sequence) }
    await sayEvent(tx, events['video.milestone-reached'], about, { ownerId, payload })
  }
}
