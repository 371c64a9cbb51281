import { type NewestFirst, newestFirst } from '@kinora/common/db'
import type { Kysely } from 'kysely'
import type { AuthDb, InviteRow } from '../db/schema.ts'

export function inviteRepository(db: Kysely<AuthDb>) {
  return {
    /** Replaces an earlier invitation of this address, and its mail. The caller has locked the address. */
    async put(invite: InviteRow): Promise<void> {
      await db.deleteFrom('invites').where('email', '=', invite.email).execute()
      await db.insertInto('invites').values(invite).execute()
    },

    async withToken(tokenHash: Buffer, email: string, now: Date): Promise<InviteRow | undefined> {
      const query = db.selectFrom('invites').selectAll().where('token_hash', '=', tokenHash)
      return await query.where('email', '=', email).where('expires_at', '>', now).executeTakeFirst()
    },

    /** Gives an invitation the token that is about to be sent; undefined when it was withdrawn, used or has expired. */
    async replaceToken(id: string, tokenHash: Buffer, now: Date): Promise<InviteRow | undefined> {
      const query = db.updateTable('invites').set({ token_hash: tokenHash }).where('id', '=', id)
      return await query.where('expires_at', '>', now).returningAll().executeTakeFirst()
    },

    /** Uses an invitation; only one of several concurrent callers gets true. */
    async take(tokenHash: Buffer, email: string, now: Date): Promise<boolean> {
      const query = db.deleteFrom('invites').where('token_hash', '=', tokenHash).where('email', '=', email)
      return (await query.where('expires_at', '>', now).executeTakeFirstOrThrow()).numDeletedRows === 1n
    },

    /** Newest first. */
    async valid(now: Date, page: NewestFirst): Promise<InviteRow[]> {
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
