import type { Kysely } from 'kysely'
import type { AuthDb, SigningKeyRow } from '../db/schema.ts'

export type SigningKeyRepository = ReturnType<typeof signingKeyRepository>

export function signingKeyRepository(db: Kysely<AuthDb>) {
  return {
    /** Does nothing when that stage has its key; the unique index decides between processes. */
    async insertUnlessStaged(key: SigningKeyRow): Promise<void> {
      await db
        .insertInto('signing_keys')
        .values(key)
        .onConflict((conflict) => conflict.doNothing())
        .execute()
    },

    async published(): Promise<SigningKeyRow[]> {
      return await db
        .selectFrom('signing_keys')
        .selectAll()
        .where('retired_at', 'is', null)
        .orderBy('created_at')
        .execute()
    },
  }
}
