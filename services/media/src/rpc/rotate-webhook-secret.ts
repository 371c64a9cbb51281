import type { Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { newWebhookSecret } from '@kinora/common/webhook-signature'
import type { Context } from '../context.ts'
import { userOf } from '../domain/actor.ts'
import { sealSecret } from '../repositories/webhook-secrets.ts'
import { replaceSecret } from '../repositories/webhooks.ts'
import { asWebhook } from './as-webhook.ts'

export function rotateWebhookSecret({ db, webhooks }: Context): Handler<typeof media.rotateWebhookSecret> {
  return async ({ webhookId }, { actor }) => {
    const secret = newWebhookSecret()
    const row = await replaceSecret(db, userOf(actor), webhookId, sealSecret(webhooks.cipher, webhookId, secret))
    if (!row) throw new AppError('WEBHOOK_NOT_FOUND')
    return { ...asWebhook(row), secret }
  }
}
