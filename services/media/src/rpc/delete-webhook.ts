import type { Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import { userOf } from '../domain/actor.ts'
import { removeWebhook } from '../repositories/webhooks.ts'

export function deleteWebhook({ db }: Context): Handler<typeof media.deleteWebhook> {
  return async ({ webhookId }, { actor }) => {
    if (!(await removeWebhook(db, userOf(actor), webhookId))) throw new AppError('WEBHOOK_NOT_FOUND')
    return {}
  }
}
