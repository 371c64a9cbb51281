import { randomUUID } from 'node:crypto'
import type { Call, Handler, Method } from '@kinora/common/contract'
import type { media, Webhook, WebhookDelivery, WebhookPayload } from '@kinora/common/contracts'
import { pageOf } from '@kinora/common/cursor'
import { AppError } from '@kinora/common/errors'
import { assertMay } from '@kinora/common/project-access'
import { newWebhookSecret } from '@kinora/common/webhook-signature'
import type { z } from 'zod'
import type { Context } from '../context.ts'
import type { DeliveryRow, Tx, WebhookRow } from '../db/schema.ts'
import { creationCursor, decodeCreationCursor } from '../domain/pages.ts'
import { userOf } from '../domain/visibility.ts'
import { assertTarget } from '../infra/webhook-address.ts'
import { transact } from '../operations/transact.ts'
import { isErased } from '../repositories/erased-projects.ts'
import { addPing, countPendingPings, deliveriesOf, makeDue } from '../repositories/webhook-deliveries.ts'
import {
  changeWebhook,
  insertWebhook,
  lockWebhooks,
  removeWebhook,
  replaceSecret,
  sealSecret,
  webhookById,
  webhooksOf,
} from '../repositories/webhooks.ts'
import { inProject } from './guards.ts'

export function createWebhook(ctx: Context): Handler<typeof media.createWebhook> {
  return inProject<typeof media.createWebhook>('manage', async ({ url, events }, projectId, call) => {
    const { webhooks } = ctx
    const ownerId = userOf(call.actor)
    assertTarget(url, webhooks.target)
    const id = randomUUID()
    const secret = newWebhookSecret()
    const sealed = sealSecret(webhooks.cipher, id, secret)
    const add = async (tx: Tx) => {
      if (await isErased(tx, projectId)) throw new AppError('ACCOUNT_ERASED')
      return await insertWebhook(tx, { id, ownerId, projectId, url, events, secret: sealed }, webhooks.perAccount)
    }
    const row = await transact(ctx, add, { call })
    if (!row) throw new AppError('WEBHOOK_LIMIT_REACHED')
    return { ...toWebhook(row), secret }
  })
}

/** In one page: a project has few. */
export function listWebhooks({ db }: Context): Handler<typeof media.listWebhooks> {
  return inProject<typeof media.listWebhooks>('manage', async (_input, projectId) => {
    const rows = await webhooksOf(db, projectId)
    return { items: rows.map(toWebhook), nextCursor: null }
  })
}

export function updateWebhook(ctx: Context): Handler<typeof media.updateWebhook> {
  return byManager<typeof media.updateWebhook>(
    ctx,
    async ({ webhookId, ...change }, { project_id: projectId }, call) => {
      if (change.url !== undefined) assertTarget(change.url, ctx.webhooks.target)
      const row = await transact(ctx, (tx) => changeWebhook(tx, projectId, webhookId, change), { call })
      if (!row) throw new AppError('WEBHOOK_NOT_FOUND')
      return toWebhook(row)
    },
  )
}

export function deleteWebhook(ctx: Context): Handler<typeof media.deleteWebhook> {
  return byManager<typeof media.deleteWebhook>(ctx, async ({ webhookId }, { project_id: projectId }, call) => {
    if (!(await transact(ctx, (tx) => removeWebhook(tx, projectId, webhookId), { call })))
      throw new AppError('WEBHOOK_NOT_FOUND')
    return {}
  })
}

export function rotateWebhookSecret(ctx: Context): Handler<typeof media.rotateWebhookSecret> {
  return byManager<typeof media.rotateWebhookSecret>(ctx, async ({ webhookId }, { project_id: projectId }, call) => {
    const secret = newWebhookSecret()
    const sealed = sealSecret(ctx.webhooks.cipher, webhookId, secret)
    const row = await transact(ctx, (tx) => replaceSecret(tx, projectId, webhookId, sealed), { call })
    if (!row) throw new AppError('WEBHOOK_NOT_FOUND')
    return { ...toWebhook(row), secret }
  })
}

export function testWebhook(ctx: Context): Handler<typeof media.testWebhook> {
  return byManager<typeof media.testWebhook>(ctx, async ({ webhookId }, webhook) => {
    assertEnabled(webhook)
    const { project_id: projectId } = webhook
    const ping: WebhookPayload = { type: 'ping', timestamp: ctx.now().toISOString(), data: { webhookId } }
    const row = await transact(
      ctx,
      async (tx) => {
        await lockWebhooks(tx, projectId)
        const added = await addPing(tx, webhookId, JSON.stringify(ping))
        await assertFewPings(ctx, tx, projectId)
        return added
      },
      { wake: () => 'webhooks' },
    )
    if (!row) throw new AppError('WEBHOOK_NOT_FOUND')
    return toDelivery(row)
  })
}

export function listWebhookDeliveries(ctx: Context): Handler<typeof media.listWebhookDeliveries> {
  return byManager<typeof media.listWebhookDeliveries>(ctx, async ({ webhookId, limit, cursor }) => {
    const rows = await deliveriesOf(ctx.db, webhookId, { limit: limit + 1, after: decodeCreationCursor(cursor) })
    return pageOf(rows, limit, toDelivery, creationCursor)
  })
}

export function redeliverWebhook(ctx: Context): Handler<typeof media.redeliverWebhook> {
  return byManager<typeof media.redeliverWebhook>(ctx, async ({ webhookId, deliveryId }, webhook) => {
    assertEnabled(webhook)
    const { project_id: projectId } = webhook
    const row = await transact(
      ctx,
      async (tx) => {
        await lockWebhooks(tx, projectId)
        const due = await makeDue(tx, webhookId, deliveryId)
        if (due?.type === 'ping') await assertFewPings(ctx, tx, projectId)
        return due
      },
      { wake: () => 'webhooks' },
    )
    if (!row) throw new AppError('WEBHOOK_DELIVERY_NOT_FOUND')
    return toDelivery(row)
  })
}

const PING_PAUSE_MS = 15_000

/** Called with the project's webhooks locked, after a ping was added, which does not stay where this throws. */
async function assertFewPings({ webhooks }: Context, tx: Tx, projectId: string): Promise<void> {
  if ((await countPendingPings(tx, projectId)) <= webhooks.pendingPings) return
  throw new AppError('WEBHOOK_TESTS_PENDING', { retryAfterMs: PING_PAUSE_MS })
}

function assertEnabled(webhook: WebhookRow): void {
  if (webhook.disabled_reason !== null) throw new AppError('WEBHOOK_DISABLED')
}

type WebhookMethod = Method & { input: z.ZodType<{ webhookId: string }> }

/** For methods about one webhook, by those who manage its project; to strangers it does not exist. */
function byManager<M extends WebhookMethod>(
  { db }: Pick<Context, 'db'>,
  handle: (input: z.output<M['input']>, webhook: WebhookRow, call: Call) => Promise<z.input<M['output']>>,
): Handler<M> {
  return async (input, call) => {
    const webhook = await webhookById(db, input.webhookId)
    if (!webhook) throw new AppError('WEBHOOK_NOT_FOUND')
    assertMay(call.actor, webhook.project_id, 'manage', 'WEBHOOK_NOT_FOUND')
    return await handle(input, webhook, call)
  }
}

/** A webhook as the API shows it: without its secrets. */
function toWebhook(row: WebhookRow): Webhook {
  const { disabled_reason: reason, disabled_at: at } = row
  return {
    id: row.id,
    projectId: row.project_id,
    ownerId: row.owner_id,
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

export function toDelivery(row: DeliveryRow): WebhookDelivery {
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
