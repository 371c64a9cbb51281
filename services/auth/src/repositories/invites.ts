import type { Kysely } from 'kysely'
import type { AuthDb, InviteRow } from '../db/schema.ts'
import { newestFirst, type PageRequest } from './pages.ts'

export function inviteRepository(db: Kysely<AuthDb>) {
  return {
    /** Replaces an earlier invitation of this address. */
    async put(invite: InviteRow): Promise<void> {
      const { email: _, ...columns } = invite
      await db
        .insertInto('invites')
        .values(invite)
        .onConflict((conflict) => conflict.column('email').doUpdateSet(columns))
        .execute()
    },

    async isValid(tokenHash: Buffer, email: string, now: Date): Promise<boolean> {
      const query = db.selectFrom('invites').select('id').where('token_hash', '=', tokenHash)
      const found = await query.where('email', '=', email).where('expires_at', '>', now).executeTakeFirst()
      return found !== undefined
    },

    /** Uses an invitation; only one of several concurrent callers gets true. */
    async take(tokenHash: Buffer, email: string, now: Date): Promise<boolean> {
      const query = db.deleteFrom('invites').where('token_hash', '=', tokenHash).where('email', '=', email)
      return (await query.where('expires_at', '>', now).executeTakeFirstOrThrow()).numDeletedRows === 1n
    },

    /** Newest first. */
    async valid(now: Date, page: PageRequest): Promise<InviteRow[]> {
      return await newestFirst(db.selectFrom('invites').selectAll().where('expires_at', '>', now), page).execute()
    },

    async delete(id: string): Promise<boolean> {
      const query = db.deleteFrom('invites').where('id', '=', id)
      return (await query.executeTakeFirstOrThrow()).numDeletedRows === 1n
    },

    async deleteExpired(before: Date, limit: number): Promise<number> {
      const expired = db.selectFrom('invites').select('id').where('expires_at', '<', before).limit(limit)
      const query = db.deleteFrom('invites').where('id', 'in', expired)
      return Number((await query.executeTakeFirstOrThrow()).numDeletedRows)
    },
  }
}
