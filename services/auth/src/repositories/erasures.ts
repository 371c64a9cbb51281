import { type Kysely, sql } from 'kysely'
import type { AuthDb } from '../db/schema.ts'

export interface UnfinishedErasures {
  media: number
  auth: number
}

export interface Unanswered {
  user_id: string
  kind: 'account' | 'project'
  requested_at: Date
}

export function erasureRepository(db: Kysely<AuthDb>) {
  return {
    async insert(userId: string, now: Date): Promise<void> {
      const unfinished = { media_done_at: null, auth_done_at: null }
      await db
        .insertInto('erasures')
        .values({ user_id: userId, requested_at: now, said_at: now, ...unfinished })
        .execute()
    },

    /** The erasure of a project, of which auth keeps nothing. */
    async insertProject(projectId: string, now: Date): Promise<void> {
      const unfinished = { media_done_at: null, auth_done_at: now }
      await db
        .insertInto('erasures')
        .values({ user_id: projectId, kind: 'project', requested_at: now, said_at: now, ...unfinished })
        .execute()
    },

    async has(userId: string): Promise<boolean> {
      const row = await db.selectFrom('erasures').select('user_id').where('user_id', '=', userId).executeTakeFirst()
      return row !== undefined
    },

    /** Records that media has removed everything. Repeating it changes nothing. */
    async finishMedia(userId: string, now: Date): Promise<void> {
      await db
        .updateTable('erasures')
        .set({ media_done_at: now })
        .where('user_id', '=', userId)
        .where('media_done_at', 'is', null)
        .execute()
    },

    /** Erasures that media was last notified of before `saidBefore` and has not finished; they count as notified now. */
    async takeUnanswered(saidBefore: Date, now: Date): Promise<Unanswered[]> {
      return await db
        .updateTable('erasures')
        .set({ said_at: now })
        .where('media_done_at', 'is', null)
        .where('said_at', '<', saidBefore)
        .returning(['user_id', 'kind', 'requested_at'])
        .execute()
    },

    /** Erasures requested before `requestedBefore` that auth has not finished; they count as finished in auth now. */
    async finishAuth(requestedBefore: Date, now: Date): Promise<string[]> {
      const rows = await db
        .updateTable('erasures')
        .set({ auth_done_at: now })
        .where('auth_done_at', 'is', null)
        .where('requested_at', '<', requestedBefore)
        .returning('user_id')
        .execute()
      return rows.map((row) => row.user_id)
    },

    async countUnfinished(): Promise<UnfinishedErasures> {
      const { rows } = await sql<UnfinishedErasures>`
        select count(*) filter (where media_done_at is null)::int as media,
               count(*) filter (where auth_done_at is null)::int as auth
        from erasures where media_done_at is null or auth_done_at is null`.execute(db)
      return rows[0] ?? { media: 0, auth: 0 }
    },
  }
}
