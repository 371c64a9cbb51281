import { randomUUID } from 'node:crypto'
import type { Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { newWebhookSecret } from '@kinora/common/webhook-signature'
import type { Context } from '../context.ts'
import { userOf } from '../domain/actor.ts'
import { assertTarget } from '../infra/webhook-target.ts'
import { isErased } from '../repositories/erased-owners.ts'
import { sealSecret } from '../repositories/webhook-secrets.ts'
import { insertWebhook } from '../repositories/webhooks.ts'
import { asWebhook } from './as-webhook.ts'

export function createWebhook({ db, webhooks }: Context): Handler<typeof media.createWebhook> {
  return async ({ url, events }, { actor }) => {
    const ownerId = userOf(actor)
    assertTarget(url, webhooks.target)
    const id = randomUUID()
    const secret = newWebhookSecret()
    const sealed = sealSecret(webhooks.cipher, id, secret)
    const row = await db.transaction().execute(async (tx) => {
      if (await isErased(tx, ownerId)) throw new AppError('ACCOUNT_ERASED')
      return await insertWebhook(tx, { id, ownerId, url, events, secret: sealed }, webhooks.perAccount)
    })
    if (!row) throw new AppError('WEBHOOK_LIMIT_REACHED')
    return { ...asWebhook(row), secret }
  }
}
