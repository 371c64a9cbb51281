import type { Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import { makeDue } from '../repositories/webhook-deliveries.ts'
import { asDelivery } from './as-webhook.ts'
import { findEnabled } from './find-enabled.ts'

export function redeliverWebhook(ctx: Context): Handler<typeof media.redeliverWebhook> {
  return async ({ webhookId, deliveryId }, { actor }) => {
    await findEnabled(ctx, webhookId, actor)
    const row = await makeDue(ctx.db, webhookId, deliveryId)
    if (!row) throw new AppError('WEBHOOK_DELIVERY_NOT_FOUND')
    ctx.wake.emit('webhooks')
    return asDelivery(row)
  }
}
