import { type Kysely, sql } from 'kysely'
import type { MediaDb } from '../db/schema.ts'
import type { DeliveryRow } from '../db/webhook-tables.ts'

export interface ClaimOptions {
  limit: number
  /** Attempts of one webhook at the same time. */
  perWebhook: number
  /** Attempts of this process that are under way, by webhook. */
  inFlight: ReadonlyMap<string, number>
  /** As long as these are its own; a process that dies leaves them due afterwards. */
  leaseMs: number
}

/** Looked at for one claim: of a webhook with a longer backlog the rest is not in the way, because then it is busy. */
const WINDOW = 1000

/** Takes deliveries that are due, oldest first, and of each webhook no more than it has room for. Several processes do it side by side. */
export async function claimDue(
  db: Kysely<MediaDb>,
  { limit, perWebhook, inFlight, leaseMs }: ClaimOptions,
): Promise<DeliveryRow[]> {
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
