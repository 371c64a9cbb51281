import type { Handler } from '@kinora/common/contract'
import type { media, WebhookPayload } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import { addPing } from '../repositories/webhook-deliveries.ts'
import { asDelivery } from './as-webhook.ts'
import { findEnabled } from './find-enabled.ts'

export function testWebhook(ctx: Context): Handler<typeof media.testWebhook> {
  return async ({ webhookId }, { actor }) => {
    await findEnabled(ctx, webhookId, actor)
    const ping: WebhookPayload = { type: 'ping', timestamp: new Date().toISOString(), data: { webhookId } }
    const row = await addPing(ctx.db, webhookId, JSON.stringify(ping))
    if (!row) throw new AppError('WEBHOOK_NOT_FOUND')
    ctx.wake.emit('webhooks')
    return asDelivery(row)
  }
}
