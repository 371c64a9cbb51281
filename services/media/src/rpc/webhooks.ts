import { randomUUID } from 'node:crypto'
import type { Actor, Handler } from '@kinora/common/contract'
import type { media, Webhook, WebhookDelivery, WebhookPayload } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { newWebhookSecret } from '@kinora/common/webhook-signature'
import type { Context } from '../context.ts'
import type { DeliveryRow, WebhookRow } from '../db/schema.ts'
import { cursorAt, positionAt } from '../domain/pages.ts'
import { userOf } from '../domain/visibility.ts'
import { assertTarget } from '../infra/webhook-address.ts'
import { transact } from '../operations/transact.ts'
import { isErased } from '../repositories/erased-owners.ts'
import { addPing, deliveriesOf, makeDue } from '../repositories/webhook-deliveries.ts'
import {
  changeWebhook,
  insertWebhook,
  removeWebhook,
  replaceSecret,
  sealSecret,
  webhookOf,
  webhooksOf,
} from '../repositories/webhooks.ts'

export function createWebhook(ctx: Context): Handler<typeof media.createWebhook> {
  return async ({ url, events }, { actor }) => {
    const ownerId = userOf(actor)
    const { webhooks } = ctx
    assertTarget(url, webhooks.target)
    const id = randomUUID()
    const secret = newWebhookSecret()
    const sealed = sealSecret(webhooks.cipher, id, secret)
    const row = await transact(ctx, async (tx) => {
      if (await isErased(tx, ownerId)) throw new AppError('ACCOUNT_ERASED')
      return await insertWebhook(tx, { id, ownerId, url, events, secret: sealed }, webhooks.perAccount)
    })
    if (!row) throw new AppError('WEBHOOK_LIMIT_REACHED')
    return { ...asWebhook(row), secret }
  }
}

/** All at once: an account has few. */
export function listWebhooks({ db }: Context): Handler<typeof media.listWebhooks> {
  return async (_input, { actor }) => {
    const rows = await webhooksOf(db, userOf(actor))
    return { items: rows.map(asWebhook), nextCursor: null }
  }
}

export function updateWebhook({ db, webhooks }: Context): Handler<typeof media.updateWebhook> {
  return async ({ webhookId, ...change }, { actor }) => {
    if (change.url !== undefined) assertTarget(change.url, webhooks.target)
    const row = await changeWebhook(db, userOf(actor), webhookId, change)
    if (!row) throw new AppError('WEBHOOK_NOT_FOUND')
    return asWebhook(row)
  }
}

export function deleteWebhook({ db }: Context): Handler<typeof media.deleteWebhook> {
  return async ({ webhookId }, { actor }) => {
    if (!(await removeWebhook(db, userOf(actor), webhookId))) throw new AppError('WEBHOOK_NOT_FOUND')
    return {}
  }
}

export function rotateWebhookSecret({ db, webhooks }: Context): Handler<typeof media.rotateWebhookSecret> {
  return async ({ webhookId }, { actor }) => {
    const secret = newWebhookSecret()
    const row = await replaceSecret(db, userOf(actor), webhookId, sealSecret(webhooks.cipher, webhookId, secret))
    if (!row) throw new AppError('WEBHOOK_NOT_FOUND')
    return { ...asWebhook(row), secret }
  }
}

export function testWebhook(ctx: Context): Handler<typeof media.testWebhook> {
  return async ({ webhookId }, { actor }) => {
    await findEnabled(ctx, webhookId, actor)
    const ping: WebhookPayload = { type: 'ping', timestamp: new Date().toISOString(), data: { webhookId } }
    const row = await transact(ctx, (tx) => addPing(tx, webhookId, JSON.stringify(ping)), { wake: () => 'webhooks' })
    if (!row) throw new AppError('WEBHOOK_NOT_FOUND')
    return asDelivery(row)
  }
}

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

export function redeliverWebhook(ctx: Context): Handler<typeof media.redeliverWebhook> {
  return async ({ webhookId, deliveryId }, { actor }) => {
    await findEnabled(ctx, webhookId, actor)
    const row = await transact(ctx, (tx) => makeDue(tx, webhookId, deliveryId), { wake: () => 'webhooks' })
    if (!row) throw new AppError('WEBHOOK_DELIVERY_NOT_FOUND')
    return asDelivery(row)
  }
}

/** A webhook of the signed-in user to which something may be sent. Throws `WEBHOOK_NOT_FOUND`, `WEBHOOK_DISABLED`. */
async function findEnabled({ db }: Context, webhookId: string, actor: Actor): Promise<WebhookRow> {
  const row = await webhookOf(db, userOf(actor), webhookId)
  if (!row) throw new AppError('WEBHOOK_NOT_FOUND')
  if (row.disabled_reason !== null) throw new AppError('WEBHOOK_DISABLED')
  return row
}

/** A row as the API shows it to its owner: never its secrets. */
function asWebhook(row: WebhookRow): Webhook {
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

function asDelivery(row: DeliveryRow): WebhookDelivery {
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
