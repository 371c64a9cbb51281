import type { RevocationReason } from '@kinora/common/contracts'
import { type NewestFirst, newestFirst } from '@kinora/common/db'
import type { Kysely } from 'kysely'
import type { AuthDb, SessionRow } from '../db/schema.ts'

export interface EndedSession {
  id: string
  access_expires_at: Date
}

export function sessionRepository(db: Kysely<AuthDb>) {
  return {
    async insert(session: SessionRow): Promise<void> {
      await db.insertInto('sessions').values(session).execute()
    },

    async byId(id: string): Promise<SessionRow | undefined> {
      return await db.selectFrom('sessions').selectAll().where('id', '=', id).executeTakeFirst()
    },

    /** Locks a session, so that refresh and revocation run one after another. */
    async lock(id: string): Promise<SessionRow | undefined> {
      return await db.selectFrom('sessions').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
    },

    async recordUse(
      id: string,
      use: Pick<SessionRow, 'refresh_counter' | 'last_used_at' | 'access_expires_at' | 'ip' | 'user_agent'>,
    ): Promise<void> {
      await db.updateTable('sessions').set(use).where('id', '=', id).execute()
    },

    /** Ends one session of a user, or all, or all but one; returns those that had not ended before. */
    async end(
      target: { userId: string; sessionId?: string; exceptSessionId?: string },
      reason: RevocationReason,
      now: Date,
    ): Promise<EndedSession[]> {
      let query = db
        .updateTable('sessions')
        .set({ ended_at: now, end_reason: reason })
        .where('user_id', '=', target.userId)
        .where('ended_at', 'is', null)
        .where('expires_at', '>', now)
      if (target.sessionId !== undefined) query = query.where('id', '=', target.sessionId)
      if (target.exceptSessionId !== undefined) query = query.where('id', '!=', target.exceptSessionId)
      return await query.returning(['id', 'access_expires_at']).execute()
    },

    async openedAt(id: string): Promise<Date | undefined> {
      const query = db.selectFrom('sessions').select('created_at').where('id', '=', id)
      return (await query.executeTakeFirst())?.created_at
    },

    async belongsTo(id: string, userId: string): Promise<boolean> {
      const query = db.selectFrom('sessions').select('id').where('id', '=', id).where('user_id', '=', userId)
      return (await query.executeTakeFirst()) !== undefined
    },

    /** Newest first. */
    async live(userId: string, now: Date, page: NewestFirst): Promise<SessionRow[]> {
      const query = db
        .selectFrom('sessions')
        .selectAll()
        .where('user_id', '=', userId)
        .where('ended_at', 'is', null)
        .where('expires_at', '>', now)
      return await newestFirst(query, page).execute()
    },

    async deleteExpired(before: Date, limit: number): Promise<number> {
      const expired = db.selectFrom('sessions').select('id').where('expires_at', '<', before).limit(limit)
      const { numDeletedRows } = await db.deleteFrom('sessions').where('id', 'in', expired).executeTakeFirstOrThrow()
      return Number(numDeletedRows)
    },
  }
}
