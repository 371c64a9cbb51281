import type { Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import { userOf } from '../domain/actor.ts'
import { assertTarget } from '../infra/webhook-target.ts'
import { changeWebhook } from '../repositories/webhooks.ts'
import { asWebhook } from './as-webhook.ts'

export function updateWebhook({ db, webhooks }: Context): Handler<typeof media.updateWebhook> {
  return async ({ webhookId, ...change }, { actor }) => {
    if (change.url !== undefined) assertTarget(change.url, webhooks.target)
    const row = await changeWebhook(db, userOf(actor), webhookId, change)
    if (!row) throw new AppError('WEBHOOK_NOT_FOUND')
    return asWebhook(row)
  }
}
