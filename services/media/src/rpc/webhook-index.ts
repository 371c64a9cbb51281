import type { Handlers } from '@kinora/common/contract'
import type { media, webhooks } from '@kinora/common/contracts'
import type { Context } from '../context.ts'
import { deleteWebhook } from './delete-webhook.ts'
import { listWebhookDeliveries } from './list-webhook-deliveries.ts'
import { listWebhooks } from './list-webhooks.ts'
import { redeliverWebhook } from './redeliver-webhook.ts'
import { rotateWebhookSecret } from './rotate-webhook-secret.ts'
import { testWebhook } from './test-webhook.ts'
import { updateWebhook } from './update-webhook.ts'
import { createWebhook } from './webhooks.ts'

export function webhookHandlers(ctx: Context): Pick<Handlers<typeof media>, keyof typeof webhooks> {
  return {
    listWebhooks: listWebhooks(ctx),
    createWebhook: createWebhook(ctx),
    updateWebhook: updateWebhook(ctx),
    deleteWebhook: deleteWebhook(ctx),
    rotateWebhookSecret: rotateWebhookSecret(ctx),
    testWebhook: testWebhook(ctx),
    listWebhookDeliveries: listWebhookDeliveries(ctx),
    redeliverWebhook: redeliverWebhook(ctx),
  }
}
