import { type Kysely, sql } from 'kysely'
import type { AuthDb, IdempotencyKeyRow } from '../db/schema.ts'

export function idempotencyKeyRepository(db: Kysely<AuthDb>) {
  return {
    /**
     * Takes a key, unless it has an answer or a request under way that is not `attempt`; only one of several concurrent callers gets
     * true. False as well for an account that does not exist, or has `most` other keys.
     */
    async take(key: Omit<IdempotencyKeyRow, 'answer'>, most: number, now: Date): Promise<boolean> {
      const { id, user_id, fingerprint, attempt, held_until, expires_at } = key
      const { rows } = await sql`
        insert into idempotency_keys as present (id, user_id, fingerprint, attempt, held_until, expires_at)
        select ${id}::bytea, users.id, ${fingerprint}::bytea, ${attempt}::uuid, ${held_until}::timestamptz,
          ${expires_at}::timestamptz
        from users
        where users.id = ${user_id} and (
          exists (select from idempotency_keys where id = ${id}) or
          (select count(*) from (select from idempotency_keys where user_id = ${user_id} limit ${most}) as kept) < ${most}
        )
        on conflict (id) do update set
          fingerprint = excluded.fingerprint, attempt = excluded.attempt, held_until = excluded.held_until,
          expires_at = excluded.expires_at, answer = null
        where present.expires_at <= ${now} or
          (present.answer is null and (present.held_until <= ${now} or present.attempt = excluded.attempt))
        returning id`.execute(db)
      return rows.length === 1
    },

    async byId(id: Buffer): Promise<IdempotencyKeyRow | undefined> {
      return await db.selectFrom('idempotency_keys').selectAll().where('id', '=', id).executeTakeFirst()
    },

    /** Nothing happens where another attempt has taken the key over. */
    async setAnswer(id: Buffer, attempt: string, answer: Buffer): Promise<void> {
      const query = db.updateTable('idempotency_keys').set({ answer })
      await query.where('id', '=', id).where('attempt', '=', attempt).execute()
    },

    /** The same. */
    async free(id: Buffer, attempt: string): Promise<void> {
      const query = db.deleteFrom('idempotency_keys').where('id', '=', id).where('attempt', '=', attempt)
      await query.where('answer', 'is', null).execute()
    },

    async deleteExpired(before: Date, limit: number): Promise<number> {
      const expired = db.selectFrom('idempotency_keys').select('id').where('expires_at', '<', before).limit(limit)
      const query = db.deleteFrom('idempotency_keys').where('id', 'in', expired)
      return Number((await query.executeTakeFirstOrThrow()).numDeletedRows)
    },
  }
}
