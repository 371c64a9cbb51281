import { randomUUID } from 'node:crypto'
import type { VideoEventType, WebhookAttempt } from '@kinora/common/contracts'
import { type NewestFirst, newestFirst } from '@kinora/common/db'
import { type RawBuilder, sql } from 'kysely'
import type { Db, DeliveryRow, Tx } from '../db/schema.ts'

/** The number of attempts in the log of one delivery. */
const KEPT_ATTEMPTS = 20

/**
 * Adds a delivery for each enabled webhook of the project that is subscribed to this type. Waits for a transaction that is
 * deleting a webhook.
 */
export async function addDeliveries(
  tx: Tx,
  projectId: string,
  event: { type: VideoEventType; videoId: string; body: string },
): Promise<void> {
  await sql`insert into webhook_deliveries (id, webhook_id, type, video_id, body)
    select gen_random_uuid(), id, ${event.type}, ${event.videoId}::uuid, ${event.body} from webhooks
    where project_id = ${projectId} and disabled_reason is null and ${event.type} = any(events)
    for key share`.execute(tx)
}

/** Undefined when the webhook does not exist. */
export async function addPing(db: Db, webhookId: string, body: string): Promise<DeliveryRow | undefined> {
  const { rows } = await sql<DeliveryRow>`insert into webhook_deliveries (id, webhook_id, type, body)
    select ${randomUUID()}::uuid, id, 'ping', ${body} from webhooks where id = ${webhookId} for key share
    returning *`.execute(db)
  return rows[0]
}

/** Deliveries of test pings of a project that are still to be sent. */
export async function countPendingPings(db: Db, projectId: string): Promise<number> {
  const { rows } = await sql<{ pings: number }>`select count(*)::integer as pings
    from webhook_deliveries join webhooks on webhooks.id = webhook_id
    where project_id = ${projectId} and type = 'ping' and due_at is not null`.execute(db)
  return rows[0]?.pings ?? 0
}

/** The deliveries of a webhook, newest first, after the one that `after` names. */
export async function deliveriesOf(db: Db, webhookId: string, page: NewestFirst): Promise<DeliveryRow[]> {
  const query = db.selectFrom('webhook_deliveries').selectAll().where('webhook_id', '=', webhookId)
  return await newestFirst(query, page).execute()
}

/** The deliveries about a video of all webhooks, newest first, after the one that `after` names. */
export async function deliveriesAbout(db: Db, videoId: string, page: NewestFirst): Promise<DeliveryRow[]> {
  const query = db.selectFrom('webhook_deliveries').selectAll().where('video_id', '=', videoId)
  return await newestFirst(query, page).execute()
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

/** Deliveries of one webhook that are kept; a busy account has some hundred a day. */
const KEPT_DELIVERIES = 10_000

/** Removes deliveries that are older than 30 days, and all but the newest of a webhook with more than `kept`. */
export async function deleteOldDeliveries(db: Db, kept = KEPT_DELIVERIES): Promise<void> {
  await deleteInBatches(
    db,
    sql`select id from webhook_deliveries where created_at < now() - interval '30 days' limit ${BATCH}`,
  )
  await deleteInBatches(
    db,
    sql`select surplus.id from webhooks cross join lateral (
        select id from webhook_deliveries where webhook_id = webhooks.id
        order by created_at desc, id desc offset ${kept} limit ${BATCH}
      ) surplus limit ${BATCH}`,
  )
}

async function deleteInBatches(db: Db, ids: RawBuilder<unknown>): Promise<void> {
  let removed: bigint | undefined
  do {
    const { numAffectedRows } = await sql`delete from webhook_deliveries where id = any(array(${ids}))`.execute(db)
    removed = numAffectedRows
  } while (removed === BigInt(BATCH))
}

/** A running attempt of this process, as claims count it. */
export interface RunningAttempt {
  webhookId: string
  projectId: string
}

export interface ClaimOptions {
  limit: number
  /**
   * Of `limit`, how many may go to retries, test pings, webhooks that fail, and projects of a receiver that hangs; the rest is
   * kept for first attempts of others.
   */
  limitLater: number
  /** How many attempts of one project, and of one webhook, may run at the same time. */
  perProject: number
  perWebhook: number
  running: readonly RunningAttempt[]
  /** After this time the deliveries of a dead process are due again. */
  leaseMs: number
}

/** `later`: a retry, a test ping, for a webhook that fails, or of a project with a receiver that hangs. */
export type ClaimedDelivery = DeliveryRow & { project_id: string; later: boolean }

/**
 * Due deliveries considered for one claim, of first attempts and of others. A project with a longer backlog does not block
 * others: at the next claim all places of that project are taken, and the backlog is skipped.
 */
const WINDOW = 1000

/** Attempts with low priority: retries, which show a receiver that hangs, and pings. */
const LATER = sql<boolean>`(tries > 0 or type = 'ping')`

/**
 * Claims due deliveries: first attempts before others, then the projects with the fewest running attempts, then the oldest.
 * No project and no webhook gets more than its free places. Several processes may do so at the same time.
 */
export async function claimDue(db: Db, options: ClaimOptions): Promise<ClaimedDelivery[]> {
  const { limit, limitLater, perProject, perWebhook, running, leaseMs } = options
  const webhookIds = running.map(({ webhookId }) => webhookId)
  const projectIds = running.map(({ projectId }) => projectId)
  const { rows } = await sql<ClaimedDelivery>`
    with busy_webhooks as (
      select webhook_id, count(*) as attempts from unnest(${webhookIds}::uuid[]) as it (webhook_id) group by webhook_id
    ), busy_projects as (
      select project_id, count(*) as attempts from unnest(${projectIds}::uuid[]) as it (project_id) group by project_id
    ), open as not materialized (
      select webhooks.id, project_id,
        failing_since is not null or exists(select from webhooks other
          where other.project_id = webhooks.project_id and failing_slowly and disabled_reason is null) as failing,
        coalesce(busy_webhooks.attempts, 0) as webhook_attempts, coalesce(busy_projects.attempts, 0) as project_attempts
      from webhooks left join busy_webhooks on webhook_id = webhooks.id left join busy_projects using (project_id)
      where coalesce(busy_webhooks.attempts, 0) < ${perWebhook} and coalesce(busy_projects.attempts, 0) < ${perProject}
    ), first as (
      select webhook_deliveries.id, webhook_id, due_at, failing as later
      from webhook_deliveries join open on open.id = webhook_id
      where due_at <= now() and not ${LATER} and (not failing or ${limitLater} > 0)
      order by due_at limit ${WINDOW}
    ), others as (
      select webhook_deliveries.id, webhook_id, due_at, true as later
      from webhook_deliveries join open on open.id = webhook_id
      where due_at <= now() and ${LATER} and ${limitLater} > 0
      order by due_at limit ${WINDOW}
    ), of_webhook as (
      select due.*, project_id, project_attempts, webhook_attempts
        + row_number() over (partition by webhook_id order by later, due_at, due.id) as webhook_place
      from (select * from first union all select * from others) due join open on open.id = webhook_id
    ), of_project as (
      select *, project_attempts + row_number() over (partition by project_id order by later, due_at, id) as project_place
      from of_webhook where webhook_place <= ${perWebhook}
    ), placed as (
      select *, row_number() over (partition by later order by project_place, due_at, id) as lane_place
      from of_project where project_place <= ${perProject}
    ), chosen as (
      select id, project_id, later from placed where not later or lane_place <= ${limitLater}
      order by later, project_place, due_at limit ${limit}
    ), locked as (
      select id from webhook_deliveries
      where due_at <= now() and id = any(array(select id from chosen))
      for update skip locked
    )
    update webhook_deliveries
    set lease_token = gen_random_uuid(), due_at = now() + make_interval(secs => ${leaseMs / 1000})
    from chosen
    where webhook_deliveries.id = chosen.id and webhook_deliveries.id = any(array(select id from locked))
    returning webhook_deliveries.*, chosen.project_id, chosen.later`.execute(db)
  return rows.sort((one, other) => one.created_at.getTime() - other.created_at.getTime())
}
