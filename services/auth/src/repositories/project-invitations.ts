import type { ProjectRole } from '@kinora/common/contract'
import { type NewestFirst, newestFirst } from '@kinora/common/db'
import { type Kysely, sql } from 'kysely'
import type { AuthDb, ProjectInvitationRow } from '../db/schema.ts'

/** An invitation with the present role of the member who has sent it. */
export type SentInvitation = ProjectInvitationRow & { inviter_role: ProjectRole }

export function projectInvitationRepository(db: Kysely<AuthDb>) {
  const valid = (now: Date) =>
    db.selectFrom('project_invitations').selectAll('project_invitations').where('expires_at', '>', now)

  return {
    /** Replaces an earlier invitation of this address to this project, and its mail. The caller has locked the project. */
    async put(invitation: ProjectInvitationRow): Promise<void> {
      const { project_id, email } = invitation
      await db
        .deleteFrom('project_invitations')
        .where('project_id', '=', project_id)
        .where('email', '=', email)
        .execute()
      await db.insertInto('project_invitations').values(invitation).execute()
    },

    /** Gives an invitation the token that is about to be sent; undefined when it was withdrawn, used or has expired. */
    async replaceToken(id: string, tokenHash: Buffer, now: Date): Promise<ProjectInvitationRow | undefined> {
      const query = db.updateTable('project_invitations').set({ token_hash: tokenHash }).where('id', '=', id)
      return await query.where('expires_at', '>', now).returningAll().executeTakeFirst()
    },

    async withToken(tokenHash: Buffer, email: string, now: Date): Promise<SentInvitation | undefined> {
      return await valid(now)
        .innerJoin('project_members as inviter', (join) =>
          join
            .onRef('inviter.project_id', '=', 'project_invitations.project_id')
            .onRef('inviter.user_id', '=', 'invited_by'),
        )
        .select('inviter.role as inviter_role')
        .where('token_hash', '=', tokenHash)
        .where('email', '=', email)
        .executeTakeFirst()
    },

    /** Newest first. */
    async find(projectId: string, now: Date, page: NewestFirst): Promise<ProjectInvitationRow[]> {
      return await newestFirst(valid(now).where('project_id', '=', projectId), page).execute()
    },

    /** Members and invitations of a project together. */
    async countSeats(projectId: string, now: Date): Promise<number> {
      const { rows } = await sql<{ seats: number }>`select (
          (select count(*) from project_members where project_id = ${projectId}) +
          (select count(*) from project_invitations where project_id = ${projectId} and expires_at > ${now})
        )::int as seats`.execute(db)
      return rows[0]?.seats ?? 0
    },

    /** Uses or withdraws an invitation; only one of several concurrent callers gets true. */
    async delete(id: string, projectId: string): Promise<boolean> {
      const query = db.deleteFrom('project_invitations').where('id', '=', id).where('project_id', '=', projectId)
      return (await query.executeTakeFirstOrThrow()).numDeletedRows === 1n
    },

    async deleteExpired(before: Date, limit: number): Promise<number> {
      const expired = db.selectFrom('project_invitations').select('id').where('expires_at', '<', before).limit(limit)
      const query = db.deleteFrom('project_invitations').where('id', 'in', expired)
      return Number((await query.executeTakeFirstOrThrow()).numDeletedRows)
    },
  }
}
