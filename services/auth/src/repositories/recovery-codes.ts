import type { Kysely } from 'kysely'
import type { AuthDb } from '../db/schema.ts'

export function recoveryCodeRepository(db: Kysely<AuthDb>) {
  return {
    async replace(userId: string, hashes: Buffer[]): Promise<void> {
      await this.delete(userId)
      const rows = hashes.map((code_hash) => ({ user_id: userId, code_hash, used_at: null }))
      await db.insertInto('recovery_codes').values(rows).execute()
    },

    /** Uses a code up; of several at once, one is told true. */
    async use(userId: string, hash: Buffer, now: Date): Promise<boolean> {
      const { numUpdatedRows } = await db
        .updateTable('recovery_codes')
        .set({ used_at: now })
        .where('user_id', '=', userId)
        .where('code_hash', '=', hash)
        .where('used_at', 'is', null)
        .executeTakeFirstOrThrow()
      return numUpdatedRows === 1n
    },

    async hasUnused(userId: string): Promise<boolean> {
      const query = db
        .selectFrom('recovery_codes')
        .select('user_id')
        .where('user_id', '=', userId)
        .where('used_at', 'is', null)
        .limit(1)
      return (await query.executeTakeFirst()) !== undefined
    },

    async delete(userId: string): Promise<void> {
      await db.deleteFrom('recovery_codes').where('user_id', '=', userId).execute()
    },
  }
}
