import { randomUUID } from 'node:crypto'
import type { VideoEventType, WebhookAttempt } from '@kinora/common/contracts'
import { sql } from 'kysely'
import type { Db, DeliveryRow, Tx } from '../db/schema.ts'
import type { CreationCursor } from '../domain/pages.ts'

/** The number of attempts in the log of one delivery. */
const KEPT_ATTEMPTS = 20

/**
 * Adds a delivery for each enabled webhook of the owner that is subscribed to this type. Waits for a transaction that is
 * deleting a webhook.
 */
export async function addDeliveries(
  tx: Tx,
  ownerId: string,
  event: { type: VideoEventType; videoId: string; body: string },
): Promise<void> {
  await sql`insert into webhook_deliveries (id, webhook_id, type, video_id, body)
    select gen_random_uuid(), id, ${event.type}, ${event.videoId}::uuid, ${event.body} from webhooks
    where owner_id = ${ownerId} and disabled_reason is null and ${event.type} = any(events)
    for key share`.execute(tx)
}

/** Undefined when the webhook does not exist. */
export async function addPing(db: Db, webhookId: string, body: string): Promise<DeliveryRow | undefined> {
  const { rows } = await sql<DeliveryRow>`insert into webhook_deliveries (id, webhook_id, type, body)
    select ${randomUUID()}::uuid, id, 'ping', ${body} from webhooks where id = ${webhookId} for key share
    returning *`.execute(db)
  return rows[0]
}

/** The deliveries of a webhook, newest first, after the one that `after` names. */
export async function deliveriesOf(
  db: Db,
  webhookId: string,
  { limit, after }: { limit: number; after: CreationCursor | null },
): Promise<DeliveryRow[]> {
  let query = db.selectFrom('webhook_deliveries').selectAll().where('webhook_id', '=', webhookId)
  if (after) {
    query = query.where(sql<boolean>`(created_at, id) < (${after.createdAt}::timestamptz, ${after.id}::uuid)`)
  }
  return await query.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(limit).execute()
}

/** Makes a delivery due, unless an attempt is running; undefined when the webhook has no such delivery. */
export async function makeDue(db: Db, webhookId: string, id: string): Promise<DeliveryRow | undefined> {
  const due = await db
    .updateTable('webhook_deliveries')
    .set({ state: 'pending', due_at: sql<Date>`now()` })
    .where('id', '=', id)
    .where('webhook_id', '=', webhookId)
    .where('lease_token', 'is', null)
    .returningAll()
    .executeTakeFirst()
  if (due) return due
  return await db
    .selectFrom('webhook_deliveries')
    .selectAll()
    .where('id', '=', id)
    .where('webhook_id', '=', webhookId)
    .executeTakeFirst()
}

/** How an attempt ends. With `retryMs` null no other attempt follows. */
export interface Ending {
  state: 'delivered' | 'failed' | 'pending'
  retryMs: number | null
  /** Null when this process aborted it. */
  attempt: WebhookAttempt | null
}

/** Ends an attempt that holds the lease; without the lease nothing changes. */
export async function endAttempt(db: Db, row: DeliveryRow, { state, retryMs, attempt }: Ending): Promise<void> {
  await db
    .updateTable('webhook_deliveries')
    .set((eb) => ({
      state,
      due_at: retryMs === null ? null : sql<Date>`now() + make_interval(secs => ${retryMs / 1000})`,
      lease_token: null,
      ...(attempt && {
        tries: eb('tries', '+', 1),
        attempts: JSON.stringify([...row.attempts, attempt].slice(-KEPT_ATTEMPTS)),
      }),
    }))
    .where('id', '=', row.id)
    .where('lease_token', '=', row.lease_token)
    .execute()
}

const BATCH = 1000

/** Removes deliveries that are older than 30 days. */
export async function deleteOldDeliveries(db: Db): Promise<void> {
  let removed: bigint | undefined
  do {
    const { numAffectedRows } = await sql`delete from webhook_deliveries where id = any(array(
      select id from webhook_deliveries where created_at < now() - interval '30 days' limit ${BATCH}))`.execute(db)
    removed = numAffectedRows
  } while (removed === BigInt(BATCH))
}

export interface ClaimOptions {
  limit: number
  /** How many attempts of one webhook may run at the same time. */
  perWebhook: number
  /** Running attempts of this process, by webhook. */
  inFlight: ReadonlyMap<string, number>
  /** After this time the deliveries of a dead process are due again. */
  leaseMs: number
}

/**
 * Due deliveries considered for one claim. A webhook with a longer backlog does not block others: it is busy then, and skipped.
 */
const WINDOW = 1000

/**
 * Claims due deliveries, oldest first, and of each webhook at most its free slots. Several processes may do so at the same
 * time.
 */
export async function claimDue(db: Db, { limit, perWebhook, inFlight, leaseMs }: ClaimOptions): Promise<DeliveryRow[]> {
  const { rows } = await sql<DeliveryRow>`
    with busy as (
      select * from unnest(${[...inFlight.keys()]}::uuid[], ${[...inFlight.values()]}::integer[]) as busy (webhook_id, attempts)
    ), due as (
      select id, webhook_id, due_at from webhook_deliveries
      where due_at <= now()
        and not exists (select from busy where busy.webhook_id = webhook_deliveries.webhook_id and attempts >= ${perWebhook})
      order by due_at limit ${WINDOW}
    ), placed as (
      select id, due_at, coalesce(attempts, 0) + row_number() over (partition by webhook_id order by due_at, id) as place
      from due left join busy using (webhook_id)
    )
    update webhook_deliveries
    set lease_token = gen_random_uuid(), due_at = now() + make_interval(secs => ${leaseMs / 1000})
    where id = any(array(
      select id from webhook_deliveries
      where due_at <= now()
        and id = any(array(select id from placed where place <= ${perWebhook} order by due_at limit ${limit}))
      for update skip locked))
    returning *`.execute(db)
  return rows.sort((one, other) => one.created_at.getTime() - other.created_at.getTime())
}
