import type { Webhook, WebhookDelivery } from '@kinora/common/contracts'
import type { DeliveryRow, WebhookRow } from '../db/webhook-tables.ts'

/** A row as the API shows it to its owner: never its secrets. */
export function asWebhook(row: WebhookRow): Webhook {
  const { disabled_reason: reason, disabled_at: at } = row
  return {
    id: row.id,
    url: row.url,
    events: row.events,
    enabled: reason === null,
    disabled: reason && at && { reason, at: at.toISOString() },
    failingSince: row.failing_since?.toISOString() ?? null,
    previousSecretUntil: row.previous_secret_until?.toISOString() ?? null,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  }
}

export function asDelivery(row: DeliveryRow): WebhookDelivery {
  return {
    id: row.id,
    webhookId: row.webhook_id,
    type: row.type,
    videoId: row.video_id,
    status: row.state,
    tries: row.tries,
    attempts: row.attempts,
    nextAttemptAt: row.due_at?.toISOString() ?? null,
    createdAt: row.created_at.toISOString(),
  }
}
