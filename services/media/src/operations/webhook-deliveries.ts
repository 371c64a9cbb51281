import { events, type VideoEventType, type WebhookPayload } from '@kinora/common/contracts'
import { addEvent } from '@kinora/common/db'
import type { Context } from '../context.ts'
import type { DeliveryRow, Tx, VideoRow } from '../db/schema.ts'
import { videoFacts } from '../domain/video-facts.ts'
import { askedPauseMs, MIN_FIRST_ATTEMPT_MS, retryDelayMs } from '../domain/webhooks.ts'
import type { Posted } from '../infra/post-webhook.ts'
import { addDeliveries, endAttempt } from '../repositories/webhook-deliveries.ts'
import { recordFailure, recordGone, recordSuccess } from '../repositories/webhooks.ts'

/** Enqueues a delivery for each subscribed webhook, and an event for subscribers on the bus, if the transaction commits. */
export async function enqueueDeliveries(
  tx: Tx,
  types: readonly VideoEventType[],
  video: VideoRow,
  now: Date,
): Promise<void> {
  const { id: videoId, project_id: projectId, owner_id: ownerId, sequence } = video
  for (const type of types) {
    const payload: WebhookPayload = { type, timestamp: now.toISOString(), data: videoFacts(video, now) }
    await addDeliveries(tx, projectId, { type, videoId, body: JSON.stringify(payload) })
    const about = { aggregateId: videoId, sequence: Number(sequence) }
    await addEvent(tx, events['video.milestone-reached'], about, { ownerId, payload })
  }
}

/** `disabled`: this attempt disabled the webhook. */
export type Outcome = 'delivered' | 'failed' | 'disabled'

const GONE = 410

/**
 * Records an attempt in the delivery's log, and its consequences for the delivery and its webhook. The webhook's row is
 * locked before the delivery's, as when a webhook is deleted.
 */
export async function recordAttempt(
  { db, now }: Pick<Context, 'db' | 'now'>,
  row: DeliveryRow,
  { attempt, retryAfter }: Posted,
): Promise<Outcome> {
  return await db.transaction().execute(async (tx) => {
    const { webhook_id: webhookId } = row
    const { status } = attempt
    if (status !== null && status >= 200 && status < 300) {
      await recordSuccess(tx, webhookId)
      await endAttempt(tx, row, { state: 'delivered', retryMs: null, attempt })
      return 'delivered'
    }
    if (status === GONE) {
      await recordGone(tx, webhookId)
      await endAttempt(tx, row, { state: 'failed', retryMs: null, attempt })
      return 'disabled'
    }
    const delayMs = retryDelayMs(row.tries + 1, Math.random())
    const retryMs = delayMs === null ? null : Math.max(delayMs, askedPauseMs(retryAfter, now().getTime()))
    const isSlow = attempt.error === 'TIMEOUT' || attempt.durationMs >= MIN_FIRST_ATTEMPT_MS
    const isDisabled = await recordFailure(tx, webhookId, { isLast: retryMs === null, isSlow })
    await endAttempt(tx, row, { state: retryMs === null ? 'failed' : 'pending', retryMs, attempt })
    return isDisabled ? 'disabled' : 'failed'
  })
}
