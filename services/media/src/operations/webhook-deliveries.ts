import { events, type VideoEventType, type WebhookPayload } from '@kinora/common/contracts'
import { addEvent } from '@kinora/common/db'
import type { Db, DeliveryRow, Tx, VideoRow } from '../db/schema.ts'
import { videoFacts } from '../domain/video-facts.ts'
import { retryDelayMs } from '../domain/webhooks.ts'
import type { Posted } from '../infra/post-webhook.ts'
import { addDeliveries, endAttempt } from '../repositories/webhook-deliveries.ts'
import { noteFailure, noteGone, noteSuccess } from '../repositories/webhooks.ts'

/** Tells all who want to know, webhooks and listeners on the bus, if and only if the transaction commits. */
export async function tellOfVideo(tx: Tx, types: readonly VideoEventType[], video: VideoRow): Promise<void> {
  const { id: videoId, owner_id: ownerId, sequence } = video
  for (const type of types) {
    const payload: WebhookPayload = { type, timestamp: new Date().toISOString(), data: videoFacts(video) }
    await addDeliveries(tx, ownerId, { type, videoId, body: JSON.stringify(payload) })
    const about = { aggregateId: videoId, sequence: Number(sequence) }
    await addEvent(tx, events['video.milestone-reached'], about, { ownerId, payload })
  }
}

/** `disabled`: with this attempt the webhook was switched off. */
export type Outcome = 'delivered' | 'failed' | 'disabled'

const GONE = 410

/**
 * Writes an attempt into the log, and what follows from it for the delivery and its webhook. The webhook's row is locked
 * before the delivery's, as in deleting it.
 */
export async function recordAttempt(db: Db, row: DeliveryRow, { attempt, pauseMs }: Posted): Promise<Outcome> {
  return await db.transaction().execute(async (tx) => {
    const { webhook_id: webhookId } = row
    const { status } = attempt
    if (status !== null && status >= 200 && status < 300) {
      await noteSuccess(tx, webhookId)
      await endAttempt(tx, row, { state: 'delivered', retryMs: null, attempt })
      return 'delivered'
    }
    if (status === GONE) {
      await noteGone(tx, webhookId)
      await endAttempt(tx, row, { state: 'failed', retryMs: null, attempt })
      return 'disabled'
    }
    const delayMs = retryDelayMs(row.tries + 1, Math.random())
    const retryMs = delayMs === null ? null : Math.max(delayMs, pauseMs)
    const isDisabled = await noteFailure(tx, webhookId, retryMs === null)
    await endAttempt(tx, row, { state: retryMs === null ? 'failed' : 'pending', retryMs, attempt })
    return isDisabled ? 'disabled' : 'failed'
  })
}
