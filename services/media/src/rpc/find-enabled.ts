import type { Actor } from '@kinora/common/contract'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import type { WebhookRow } from '../db/webhook-tables.ts'
import { userOf } from '../domain/actor.ts'
import { webhookOf } from '../repositories/webhooks.ts'

/** A webhook of the signed-in user to which something may be sent. Throws `WEBHOOK_NOT_FOUND`, `WEBHOOK_DISABLED`. */
export async function findEnabled({ db }: Context, webhookId: string, actor: Actor): Promise<WebhookRow> {
  const row = await webhookOf(db, userOf(actor), webhookId)
  if (!row) throw new AppError('WEBHOOK_NOT_FOUND')
  if (row.disabled_reason !== null) throw new AppError('WEBHOOK_DISABLED')
  return row
}
