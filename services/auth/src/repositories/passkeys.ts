import { type Insertable, type Kysely, sql } from 'kysely'
import type { AuthDb, PasskeyChallengesTable, PasskeyRow } from '../db/schema.ts'

export function passkeyRepository(db: Kysely<AuthDb>) {
  return {
    /** False when the credential already exists, in any account. */
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

    /** Newest first; at most `MAX_PASSKEYS`. */
    async ofUser(userId: string): Promise<PasskeyRow[]> {
      const query = db.selectFrom('passkeys').selectAll().where('user_id', '=', userId)
      return await query.orderBy('created_at', 'desc').orderBy('id', 'desc').execute()
    },

    /**
     * Stores the signature counter. False when it has not grown, which means that the key was copied; authenticators without a
     * counter always send 0 (WebAuthn level 3, section 6.1.1). Of two calls with the same counter only one gets true.
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

export function passkeyChallengeRepository(db: Kysely<AuthDb>) {
  return {
    async insert(challenge: Insertable<PasskeyChallengesTable>): Promise<void> {
      await db.insertInto('passkey_challenges').values(challenge).execute()
    },

    /** Uses a challenge; only one of several concurrent callers gets true. `userId` is null for a sign-in. */
    async take(tokenHash: Buffer, userId: string | null, now: Date): Promise<boolean> {
      const { numDeletedRows } = await db
        .deleteFrom('passkey_challenges')
        .where('token_hash', '=', tokenHash)
        .where(sql<boolean>`user_id is not distinct from ${userId}`)
        .where('expires_at', '>', now)
        .executeTakeFirstOrThrow()
      return numDeletedRows === 1n
    },

    async deleteExpired(before: Date, limit: number): Promise<number> {
      const expired = db
        .selectFrom('passkey_challenges')
        .select('token_hash')
        .where('expires_at', '<', before)
        .limit(limit)
      const query = db.deleteFrom('passkey_challenges').where('token_hash', 'in', expired)
      return Number((await query.executeTakeFirstOrThrow()).numDeletedRows)
    },
  }
}
