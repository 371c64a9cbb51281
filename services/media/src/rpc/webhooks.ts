import { randomUUID } from 'node:crypto'
import type { Handler } from '@kinora/common/contract'
import type { media, Webhook, WebhookDelivery, WebhookPayload } from '@kinora/common/contracts'
import { pageOf } from '@kinora/common/cursor'
import { AppError } from '@kinora/common/errors'
import { newWebhookSecret } from '@kinora/common/webhook-signature'
import type { Context } from '../context.ts'
import type { DeliveryRow, Tx, WebhookRow } from '../db/schema.ts'
import { creationCursor, decodeCreationCursor } from '../domain/pages.ts'
import { assertTarget } from '../infra/webhook-address.ts'
import { transact } from '../operations/transact.ts'
import { isErased } from '../repositories/erased-owners.ts'
import { addPing, countPendingPings, deliveriesOf, makeDue } from '../repositories/webhook-deliveries.ts'
import {
  changeWebhook,
  insertWebhook,
  lockWebhooks,
  removeWebhook,
  replaceSecret,
  sealSecret,
  webhookOf,
  webhooksOf,
} from '../repositories/webhooks.ts'
import { byUser } from './guards.ts'

export function createWebhook(ctx: Context): Handler<typeof media.createWebhook> {
  return byUser<typeof media.createWebhook>(async ({ url, events }, ownerId, call) => {
    const { webhooks } = ctx
    assertTarget(url, webhooks.target)
    const id = randomUUID()
    const secret = newWebhookSecret()
    const sealed = sealSecret(webhooks.cipher, id, secret)
    const add = async (tx: Tx) => {
      if (await isErased(tx, ownerId)) throw new AppError('ACCOUNT_ERASED')
      return await insertWebhook(tx, { id, ownerId, url, events, secret: sealed }, webhooks.perAccount)
    }
    const row = await transact(ctx, add, { call })
    if (!row) throw new AppError('WEBHOOK_LIMIT_REACHED')
    return { ...toWebhook(row), secret }
  })
}

/** In one page: an account has few. */
export function listWebhooks({ db }: Context): Handler<typeof media.listWebhooks> {
  return byUser<typeof media.listWebhooks>(async (_input, ownerId) => {
    const rows = await webhooksOf(db, ownerId)
    return { items: rows.map(toWebhook), nextCursor: null }
  })
}

export function updateWebhook(ctx: Context): Handler<typeof media.updateWebhook> {
  return byUser<typeof media.updateWebhook>(async ({ webhookId, ...change }, ownerId, call) => {
    if (change.url !== undefined) assertTarget(change.url, ctx.webhooks.target)
    const row = await transact(ctx, (tx) => changeWebhook(tx, ownerId, webhookId, change), { call })
    if (!row) throw new AppError('WEBHOOK_NOT_FOUND')
    return toWebhook(row)
  })
}

export function deleteWebhook(ctx: Context): Handler<typeof media.deleteWebhook> {
  return byUser<typeof media.deleteWebhook>(async ({ webhookId }, ownerId, call) => {
    if (!(await transact(ctx, (tx) => removeWebhook(tx, ownerId, webhookId), { call })))
      throw new AppError('WEBHOOK_NOT_FOUND')
    return {}
  })
}

export function rotateWebhookSecret(ctx: Context): Handler<typeof media.rotateWebhookSecret> {
  return byUser<typeof media.rotateWebhookSecret>(async ({ webhookId }, ownerId, call) => {
    const secret = newWebhookSecret()
    const sealed = sealSecret(ctx.webhooks.cipher, webhookId, secret)
    const row = await transact(ctx, (tx) => replaceSecret(tx, ownerId, webhookId, sealed), { call })
    if (!row) throw new AppError('WEBHOOK_NOT_FOUND')
    return { ...toWebhook(row), secret }
  })
}

export function testWebhook(ctx: Context): Handler<typeof media.testWebhook> {
  return byUser<typeof media.testWebhook>(async ({ webhookId }, ownerId) => {
    await findEnabled(ctx, webhookId, ownerId)
    const ping: WebhookPayload = { type: 'ping', timestamp: ctx.now().toISOString(), data: { webhookId } }
    const row = await transact(
      ctx,
      async (tx) => {
        await lockWebhooks(tx, ownerId)
        const added = await addPing(tx, webhookId, JSON.stringify(ping))
        await assertFewPings(ctx, tx, ownerId)
        return added
      },
      { wake: () => 'webhooks' },
    )
    if (!row) throw new AppError('WEBHOOK_NOT_FOUND')
    return toDelivery(row)
  })
}

export function listWebhookDeliveries({ db }: Context): Handler<typeof media.listWebhookDeliveries> {
  return byUser<typeof media.listWebhookDeliveries>(async ({ webhookId, limit, cursor }, ownerId) => {
    if (!(await webhookOf(db, ownerId, webhookId))) throw new AppError('WEBHOOK_NOT_FOUND')
    const rows = await deliveriesOf(db, webhookId, { limit: limit + 1, after: decodeCreationCursor(cursor) })
    return pageOf(rows, limit, toDelivery, creationCursor)
  })
}

export function redeliverWebhook(ctx: Context): Handler<typeof media.redeliverWebhook> {
  return byUser<typeof media.redeliverWebhook>(async ({ webhookId, deliveryId }, ownerId) => {
    await findEnabled(ctx, webhookId, ownerId)
    const row = await transact(
      ctx,
      async (tx) => {
        await lockWebhooks(tx, ownerId)
        const due = await makeDue(tx, webhookId, deliveryId)
        if (due?.type === 'ping') await assertFewPings(ctx, tx, ownerId)
        return due
      },
      { wake: () => 'webhooks' },
    )
    if (!row) throw new AppError('WEBHOOK_DELIVERY_NOT_FOUND')
    return toDelivery(row)
  })
}

const PING_PAUSE_MS = 15_000

/** Called with the owner's webhooks locked, after a ping was added, which does not stay where this throws. */
async function assertFewPings({ webhooks }: Context, tx: Tx, ownerId: string): Promise<void> {
  if ((await countPendingPings(tx, ownerId)) <= webhooks.pendingPings) return
  throw new AppError('WEBHOOK_TESTS_PENDING', { retryAfterMs: PING_PAUSE_MS })
}

/** An enabled webhook of this owner. Throws `WEBHOOK_NOT_FOUND` or `WEBHOOK_DISABLED`. */
async function findEnabled({ db }: Context, webhookId: string, ownerId: string): Promise<WebhookRow> {
  const row = await webhookOf(db, ownerId, webhookId)
  if (!row) throw new AppError('WEBHOOK_NOT_FOUND')
  if (row.disabled_reason !== null) throw new AppError('WEBHOOK_DISABLED')
  return row
}

/** A webhook as the API shows it to its owner: without its secrets. */
function toWebhook(row: WebhookRow): Webhook {
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

function toDelivery(row: DeliveryRow): WebhookDelivery {
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
