import type { Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import { userOf } from '../domain/actor.ts'
import { cursorAt, positionAt } from '../domain/cursor.ts'
import { deliveriesOf } from '../repositories/webhook-deliveries.ts'
import { webhookOf } from '../repositories/webhooks.ts'
import { asDelivery } from './as-webhook.ts'

const SORT = '-createdAt'

export function listWebhookDeliveries({ db }: Context): Handler<typeof media.listWebhookDeliveries> {
  return async ({ webhookId, limit, cursor }, { actor }) => {
    if (!(await webhookOf(db, userOf(actor), webhookId))) throw new AppError('WEBHOOK_NOT_FOUND')
    const position = cursor === undefined ? null : positionAt(cursor, SORT)
    const after = position && { createdAt: position.value, id: position.id }
    const rows = await deliveriesOf(db, webhookId, { limit: limit + 1, after })
    const items = rows.slice(0, limit).map(asDelivery)
    const last = rows.length > limit ? items.at(-1) : undefined
    return { items, nextCursor: last ? cursorAt({ value: last.createdAt, id: last.id }, SORT) : null }
  }
}
