import type { Kysely, Updateable } from 'kysely'
import type { AuthDb, SigningKeyRow, SigningKeysTable } from '../db/schema.ts'

export function signingKeyRepository(db: Kysely<AuthDb>) {
  return {
    /** Oldest first. */
    async all(): Promise<SigningKeyRow[]> {
      return await db.selectFrom('signing_keys').selectAll().orderBy('created_at').orderBy('kid').execute()
    },

    async insert(key: SigningKeyRow): Promise<void> {
      await db.insertInto('signing_keys').values(key).execute()
    },

    async update(kid: string, change: Updateable<SigningKeysTable>): Promise<void> {
      await db.updateTable('signing_keys').set(change).where('kid', '=', kid).execute()
    },

    async deleteExpired(before: Date): Promise<number> {
      const query = db.deleteFrom('signing_keys').where('expires_at', '<', before)
      return Number((await query.executeTakeFirstOrThrow()).numDeletedRows)
    },
  }
}
