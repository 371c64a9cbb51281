import type { Kysely } from 'kysely'
import type { MediaDb } from '../db/schema.ts'
import type { DeliveryRow } from '../db/webhook-tables.ts'
import { retryDelayMs } from '../domain/webhook-retry.ts'
import type { Posted } from '../infra/post-webhook.ts'
import { endAttempt } from '../repositories/webhook-deliveries.ts'
import { noteFailure, noteGone, noteSuccess } from '../repositories/webhooks.ts'

/** `disabled`: with this attempt the webhook was switched off. */
export type Outcome = 'delivered' | 'failed' | 'disabled'

const GONE = 410

/**
 * Writes an attempt into the log, and what follows from it for the delivery and its webhook. The webhook's row is locked
 * before the delivery's, as in deleting it.
 */
export async function recordAttempt(
  db: Kysely<MediaDb>,
  row: DeliveryRow,
  { attempt, pauseMs }: Posted,
): Promise<Outcome> {
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
