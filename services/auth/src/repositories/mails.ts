import { type Insertable, type Kysely, type Selectable, sql } from 'kysely'
import type { AuthDb, MailQueueTable, MailRow, MailTokenPurpose, MailTokensTable } from '../db/schema.ts'

/** The longest pause between two attempts, in units of the first. */
const MAX_PAUSE = 60

export function mailQueueRepository(db: Kysely<AuthDb>) {
  return {
    async insert(mail: Insertable<MailQueueTable>): Promise<void> {
      await db.insertInto('mail_queue').values(mail).execute()
    },

    /**
     * Claims mails that are due, for `leaseMs`. Afterwards they are due again, so that the mails of a process that died are
     * sent without any clean-up.
     */
    async claim(limit: number, leaseMs: number, now: Date): Promise<MailRow[]> {
      const due = db
        .selectFrom('mail_queue')
        .select('id')
        .where('next_attempt_at', '<=', now)
        .orderBy('next_attempt_at')
        .limit(limit)
        .forUpdate()
        .skipLocked()
      return await db
        .updateTable('mail_queue')
        .set({
          attempts: sql`attempts + 1`,
          next_attempt_at: new Date(now.getTime() + leaseMs),
        })
        // An array is computed once; PostgreSQL may run a subquery again for each row, and claim more than `limit`.
        .where('id', '=', sql<string>`any(array(${due}))`)
        .returningAll()
        .execute()
    },

    /** Makes a failed mail due after a pause that doubles with each attempt, unless another process has claimed it since. */
    async postpone({ id, attempts }: MailRow, pauseMs: number, now: Date): Promise<void> {
      const pause = Math.min(2 ** (attempts - 1), MAX_PAUSE) * pauseMs
      await db
        .updateTable('mail_queue')
        .set({ next_attempt_at: new Date(now.getTime() + pause) })
        .where('id', '=', id)
        .where('attempts', '=', attempts)
        .execute()
    },

    async remove(id: string): Promise<void> {
      await db.deleteFrom('mail_queue').where('id', '=', id).execute()
    },
  }
}

export function mailTokenRepository(db: Kysely<AuthDb>) {
  return {
    /** Stores a token and removes the user's earlier ones for this purpose. */
    async put(token: Selectable<MailTokensTable>): Promise<void> {
      const { token_hash, expires_at } = token
      await db
        .insertInto('mail_tokens')
        .values(token)
        .onConflict((conflict) => conflict.columns(['user_id', 'purpose']).doUpdateSet({ token_hash, expires_at }))
        .execute()
    },

    /** The id of the user who owns a token, without using it. */
    async ownerOf(purpose: MailTokenPurpose, hash: Buffer, now: Date): Promise<string | undefined> {
      const query = db
        .selectFrom('mail_tokens')
        .select('user_id')
        .where('purpose', '=', purpose)
        .where('token_hash', '=', hash)
        .where('expires_at', '>', now)
      return (await query.executeTakeFirst())?.user_id
    },

    /** Uses a token; only one of several concurrent callers gets true. The caller has locked the owner's row. */
    async take(purpose: MailTokenPurpose, hash: Buffer, now: Date): Promise<boolean> {
      const query = db
        .deleteFrom('mail_tokens')
        .where('purpose', '=', purpose)
        .where('token_hash', '=', hash)
        .where('expires_at', '>', now)
      return (await query.executeTakeFirstOrThrow()).numDeletedRows === 1n
    },

    async discard(userId: string, purpose: MailTokenPurpose): Promise<void> {
      await db.deleteFrom('mail_tokens').where('user_id', '=', userId).where('purpose', '=', purpose).execute()
    },

    async deleteExpired(before: Date, limit: number): Promise<number> {
      const expired = db.selectFrom('mail_tokens').select('token_hash').where('expires_at', '<', before).limit(limit)
      const query = db.deleteFrom('mail_tokens').where('token_hash', 'in', expired)
      return Number((await query.executeTakeFirstOrThrow()).numDeletedRows)
    },
  }
}
