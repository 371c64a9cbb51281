import { type Insertable, type Kysely, sql } from 'kysely'
import type { AuthDb, MfaChallengeRow, MfaChallengesTable } from '../db/schema.ts'

export function mfaChallengeRepository(db: Kysely<AuthDb>) {
  return {
    async insert(challenge: Insertable<MfaChallengesTable>): Promise<void> {
      await db.insertInto('mfa_challenges').values(challenge).execute()
    },

    async ownerOf(tokenHash: Buffer): Promise<string | undefined> {
      const query = db.selectFrom('mfa_challenges').select('user_id').where('token_hash', '=', tokenHash)
      return (await query.executeTakeFirst())?.user_id
    },

    /** Tries of one challenge take turns on this lock. */
    async lock(tokenHash: Buffer): Promise<MfaChallengeRow | undefined> {
      const query = db.selectFrom('mfa_challenges').selectAll().where('token_hash', '=', tokenHash)
      return await query.forUpdate().executeTakeFirst()
    },

    async countAttempt(tokenHash: Buffer): Promise<void> {
      await db
        .updateTable('mfa_challenges')
        .set({ attempts: sql`attempts + 1` })
        .where('token_hash', '=', tokenHash)
        .execute()
    },

    async delete(tokenHash: Buffer): Promise<void> {
      await db.deleteFrom('mfa_challenges').where('token_hash', '=', tokenHash).execute()
    },

    async deleteExpired(before: Date, limit: number): Promise<number> {
      const expired = db.selectFrom('mfa_challenges').select('token_hash').where('expires_at', '<', before).limit(limit)
      const query = db.deleteFrom('mfa_challenges').where('token_hash', 'in', expired)
      return Number((await query.executeTakeFirstOrThrow()).numDeletedRows)
    },
  }
}
