import { type Insertable, type Kysely, sql } from 'kysely'
import type { AuthDb, PasskeyChallengesTable } from '../db/schema.ts'

export function passkeyChallengeRepository(db: Kysely<AuthDb>) {
  return {
    async insert(challenge: Insertable<PasskeyChallengesTable>): Promise<void> {
      await db.insertInto('passkey_challenges').values(challenge).execute()
    },

    /** Uses a challenge up; of several at once, one is told true. `userId` is null for a sign-in. */
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
