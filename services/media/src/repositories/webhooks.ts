import type { VideoEventType } from '@kinora/common/contracts'
import { lockName } from '@kinora/common/db'
import type { SecretCipher } from '@kinora/common/secret-cipher'
import { sql } from 'kysely'
import type { Db, Tx, WebhookRow } from '../db/schema.ts'

const PREVIOUS_SECRET = sql`interval '24 hours'`
/** A webhook that has failed for this long is disabled when a delivery fails for good. */
const FAILING = sql`interval '3 days'`

export interface NewWebhookRow {
  id: string
  ownerId: string
  projectId: string
  url: string
  events: VideoEventType[]
  secret: Buffer
}

/** Undefined when the project has `limit` webhooks already. */
export async function insertWebhook(
  tx: Tx,
  { id, ownerId, projectId, url, events, secret }: NewWebhookRow,
  limit: number,
): Promise<WebhookRow | undefined> {
  await lockWebhooks(tx, projectId)
  if ((await webhooksOf(tx, projectId)).length >= limit) return undefined
  return await tx
    .insertInto('webhooks')
    .values({ id, owner_id: ownerId, project_id: projectId, url, events, secret })
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** Until the commit no other transaction can add webhooks or test pings of this project. */
export async function lockWebhooks(tx: Tx, projectId: string): Promise<void> {
  await lockName(tx, `webhooks ${projectId}`)
}

export async function webhooksOf(db: Db, projectId: string): Promise<WebhookRow[]> {
  return await db
    .selectFrom('webhooks')
    .selectAll()
    .where('project_id', '=', projectId)
    .orderBy('created_at')
    .orderBy('id')
    .execute()
}

export async function webhookById(db: Db, id: string): Promise<WebhookRow | undefined> {
  return await db.selectFrom('webhooks').selectAll().where('id', '=', id).executeTakeFirst()
}

export interface WebhookChange {
  url?: string | undefined
  events?: VideoEventType[] | undefined
  enabled?: boolean | undefined
}

/** Enabling clears earlier failures. Disabling a disabled webhook keeps its reason. */
export async function changeWebhook(
  db: Db,
  projectId: string,
  id: string,
  { url, events, enabled }: WebhookChange,
): Promise<WebhookRow | undefined> {
  return await db
    .updateTable('webhooks')
    .set({
      ...(url !== undefined && { url }),
      ...(events !== undefined && { events }),
      ...(enabled === true && { disabled_reason: null, disabled_at: null, failing_since: null, failing_slowly: false }),
      ...(enabled === false && {
        disabled_reason: sql<'owner'>`coalesce(disabled_reason, 'owner')`,
        disabled_at: sql<Date>`coalesce(disabled_at, now())`,
      }),
      updated_at: sql<Date>`now()`,
    })
    .where('id', '=', id)
    .where('project_id', '=', projectId)
    .returningAll()
    .executeTakeFirst()
}

export async function replaceSecret(
  db: Db,
  projectId: string,
  id: string,
  secret: Buffer,
): Promise<WebhookRow | undefined> {
  return await db
    .updateTable('webhooks')
    .set((eb) => ({
      secret,
      previous_secret: eb.ref('secret'),
      previous_secret_until: sql<Date>`now() + ${PREVIOUS_SECRET}`,
      updated_at: sql<Date>`now()`,
    }))
    .where('id', '=', id)
    .where('project_id', '=', projectId)
    .returningAll()
    .executeTakeFirst()
}

/** Deletes a webhook with its deliveries. */
export async function removeWebhook(db: Db, projectId: string, id: string): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('webhooks')
    .where('id', '=', id)
    .where('project_id', '=', projectId)
    .executeTakeFirst()
  return numDeletedRows === 1n
}

export async function removeWebhooksOfProject(db: Db, projectId: string): Promise<void> {
  await db.deleteFrom('webhooks').where('project_id', '=', projectId).execute()
}

/** Those that an account has created until then, in every project. */
export async function removeWebhooksBy(db: Db, ownerId: string, until: Date): Promise<void> {
  await db.deleteFrom('webhooks').where('owner_id', '=', ownerId).where('created_at', '<=', until).execute()
}

export async function recordSuccess(tx: Tx, id: string): Promise<void> {
  await tx
    .updateTable('webhooks')
    .set({ failing_since: null, failing_slowly: false })
    .where('id', '=', id)
    .where('failing_since', 'is not', null)
    .execute()
}

interface Failure {
  /** The delivery has failed for good. */
  isLast: boolean
  /** It occupied its place for a second or more. */
  isSlow: boolean
}

/** True when this has disabled the webhook. */
export async function recordFailure(tx: Tx, id: string, { isLast, isSlow }: Failure): Promise<boolean> {
  await sql`update webhooks set failing_since = coalesce(failing_since, now()), failing_slowly = ${isSlow}
    where id = ${id}`.execute(tx)
  if (!isLast) return false
  const { numAffectedRows } = await sql`update webhooks set disabled_reason = 'failing', disabled_at = now()
    where id = ${id} and disabled_reason is null and failing_since < now() - ${FAILING}`.execute(tx)
  return numAffectedRows === 1n
}

/** The endpoint responded 410 Gone: no more deliveries are sent. */
export async function recordGone(tx: Tx, id: string): Promise<void> {
  await sql`update webhooks set disabled_reason = 'gone', disabled_at = now()
    where id = ${id} and disabled_reason is null`.execute(tx)
}

/** Encrypts a secret for its webhook: in the row of another webhook it cannot be decrypted. */
export function sealSecret(cipher: SecretCipher, webhookId: string, secret: string): Buffer {
  return cipher.encrypt(Buffer.from(secret), labelOf(webhookId))
}

/** The secrets that sign at `now`: the current one, and for 24 hours after a rotation the previous one. */
export function signingSecrets(cipher: SecretCipher, row: WebhookRow, now: Date): string[] {
  const open = (sealed: Buffer) => cipher.decrypt(sealed, labelOf(row.id)).toString()
  const { secret, previous_secret, previous_secret_until } = row
  const isPreviousGood = previous_secret !== null && previous_secret_until !== null && previous_secret_until > now
  return [open(secret), ...(isPreviousGood ? [open(previous_secret)] : [])]
}

function labelOf(webhookId: string): string {
  return `webhook ${webhookId}`
}
