import type { Kysely, Selectable } from 'kysely'
import type { AuthDb, MailTokenPurpose, MailTokensTable } from '../db/schema.ts'

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

    /** Uses a token up: of several at once one is told true. The owner's row is locked before. */
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
