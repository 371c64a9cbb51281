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

    /** Locks a challenge, so that its tries run one after another. */
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

/** How many wrong codes an account may enter within a window of seconds, for any purpose. */
export interface CodeAllowance {
  failures: number
  seconds: number
}

export function codeAttemptRepository(db: Kysely<AuthDb>) {
  return {
    /** Counts a try as a failure before its code is checked; null, or the time until which no more tries are allowed. */
    async count(userId: string, allowance: CodeAllowance, now: Date): Promise<Date | null> {
      const first = { failures: 1, window_ends_at: new Date(now.getTime() + allowance.seconds * 1000) }
      const isOver = sql<boolean>`code_attempts.window_ends_at <= ${now}`
      const counted = await db
        .insertInto('code_attempts')
        .values({ user_id: userId, ...first })
        .onConflict((conflict) =>
          conflict
            .column('user_id')
            .doUpdateSet({
              failures: sql`case when ${isOver} then 1 else code_attempts.failures + 1 end`,
              window_ends_at: sql`case when ${isOver} then ${first.window_ends_at} else code_attempts.window_ends_at end`,
            })
            .where(sql<boolean>`${isOver} or code_attempts.failures < ${allowance.failures}`),
        )
        .executeTakeFirstOrThrow()
      if (counted.numInsertedOrUpdatedRows === 1n) return null
      const query = db.selectFrom('code_attempts').select('window_ends_at').where('user_id', '=', userId)
      return (await query.executeTakeFirstOrThrow()).window_ends_at
    },

    /**
     * Discounts one failure, because its code was right. Earlier failures stay, so that a thief gains no tries when the
     * owner signs in.
     */
    async discountFailure(userId: string): Promise<void> {
      await db
        .updateTable('code_attempts')
        .set({ failures: sql`failures - 1` })
        .where('user_id', '=', userId)
        .where('failures', '>', 0)
        .execute()
    },

    async deleteExpired(before: Date, limit: number): Promise<number> {
      const expired = db.selectFrom('code_attempts').select('user_id').where('window_ends_at', '<', before).limit(limit)
      const query = db.deleteFrom('code_attempts').where('user_id', 'in', expired).where('window_ends_at', '<', before)
      return Number((await query.executeTakeFirstOrThrow()).numDeletedRows)
    },
  }
}
