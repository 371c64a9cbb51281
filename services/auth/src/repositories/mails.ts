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
     * Takes mails that are due, for `leaseMs`. Then they are due again: a process that dies on the way needs no one to clean
     * up after it.
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
        // An array is computed once; PostgreSQL may run a subquery again for each row, and take more than asked for.
        .where('id', '=', sql<string>`any(array(${due}))`)
        .returningAll()
        .execute()
    },

    /** Lets a failed mail be due after a pause that doubles with each attempt, unless somebody else has taken it since. */
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
    /** From now on the only one of this user for this purpose. */
    async put(token: Selectable<MailTokensTable>): Promise<void> {
      const { token_hash, expires_at } = token
      await db
        .insertInto('mail_tokens')
        .values(token)
        .onConflict((conflict) => conflict.columns(['user_id', 'purpose']).doUpdateSet({ token_hash, expires_at }))
        .execute()
    },

    /** Whose token this is, without using it up. */
    async ownerOf(purpose: MailTokenPurpose, hash: Buffer, now: Date): Promise<string | undefined> {
      const query = db
        .selectFrom('mail_tokens')
        .select('user_id')
        .where('purpose', '=', purpose)
        .where('token_hash', '=', hash)
        .where('expires_at', '>', now)
      return (await query.executeTakeFirst())?.user_id
    },

    /** Uses a token up: of several at once one gets true. The owner's row is locked before. */
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
