import type { Kysely } from 'kysely'
import type { AuthDb, PasskeyRow } from '../db/schema.ts'

export function passkeyRepository(db: Kysely<AuthDb>) {
  return {
    /** False where the credential is known already, whoever has it. */
    async insert(passkey: PasskeyRow): Promise<boolean> {
      const { numInsertedOrUpdatedRows } = await db
        .insertInto('passkeys')
        .values(passkey)
        .onConflict((conflict) => conflict.column('credential_id').doNothing())
        .executeTakeFirstOrThrow()
      return numInsertedOrUpdatedRows === 1n
    },

    async byCredentialId(credentialId: Buffer): Promise<PasskeyRow | undefined> {
      return await db.selectFrom('passkeys').selectAll().where('credential_id', '=', credentialId).executeTakeFirst()
    },

    /** Newest first; there are few, see `MAX_PASSKEYS`. */
    async ofUser(userId: string): Promise<PasskeyRow[]> {
      const query = db.selectFrom('passkeys').selectAll().where('user_id', '=', userId)
      return await query.orderBy('created_at', 'desc').orderBy('id', 'desc').execute()
    },

    /**
     * Remembers the signature counter. False where it has not grown, which means that the key was copied; authenticators
     * that do not count say 0 always (WebAuthn level 3, section 6.1.1). Of two with one counter, one is told true.
     */
    async recordUse(id: string, signCount: number, now: Date): Promise<boolean> {
      const { numUpdatedRows } = await db
        .updateTable('passkeys')
        .set({ sign_count: String(signCount), last_used_at: now })
        .where('id', '=', id)
        .where('sign_count', signCount === 0 ? '=' : '<', String(signCount))
        .executeTakeFirstOrThrow()
      return numUpdatedRows === 1n
    },

    async delete(id: string, userId: string): Promise<boolean> {
      const query = db.deleteFrom('passkeys').where('id', '=', id).where('user_id', '=', userId)
      return (await query.executeTakeFirstOrThrow()).numDeletedRows === 1n
    },
  }
}
