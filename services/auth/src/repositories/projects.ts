import type { ProjectRole } from '@kinora/common/contract'
import { type NewestFirst, newestFirst } from '@kinora/common/db'
import { type Insertable, type Kysely, sql } from 'kysely'
import type { AuthDb, ProjectRow, ProjectsTable } from '../db/schema.ts'
import type { MemberRow } from '../domain/views.ts'

/** A project as one of its members sees it. */
export type ProjectOfMember = ProjectRow & { role: ProjectRole }

/** What became of a change of a member that may leave a project without an owner. */
export type MemberChange = 'changed' | 'last_owner' | 'no_member'

export function projectRepository(db: Kysely<AuthDb>) {
  const ofMember = (userId: string) =>
    db
      .selectFrom('projects')
      .innerJoin('project_members', 'project_members.project_id', 'projects.id')
      .select(['projects.id', 'personal_of', 'name', 'allowed_domains', 'revision', 'projects.created_at', 'role'])
      .where('user_id', '=', userId)

  return {
    /** The personal project of an account; runs the same statement where no such account was inserted. */
    async insertPersonal(userId: string): Promise<void> {
      await sql`with personal as (
          insert into projects (id, personal_of, name, created_at)
          select id, id, 'Personal', created_at from users where id = ${userId} returning id, created_at
        )
        insert into project_members (project_id, user_id, role, created_at)
        select id, id, 'owner', created_at from personal`.execute(db)
    },

    async insert(project: Insertable<ProjectsTable>): Promise<ProjectRow> {
      return await db.insertInto('projects').values(project).returningAll().executeTakeFirstOrThrow()
    },

    async byId(id: string): Promise<ProjectRow | undefined> {
      return await db.selectFrom('projects').selectAll().where('id', '=', id).executeTakeFirst()
    },

    /**
     * Serialises changes of the project and of its members until the commit. Taken after locks of accounts. Rows that refer to
     * the project can be added meanwhile.
     */
    async lock(id: string): Promise<ProjectRow | undefined> {
      return await db.selectFrom('projects').selectAll().where('id', '=', id).forNoKeyUpdate().executeTakeFirst()
    },

    /** Undefined where `ifRevision` does not have the revision of the project. */
    async update(
      id: string,
      { name, allowedDomains }: { name?: string | undefined; allowedDomains?: string[] | undefined },
      ifRevision: readonly number[] | undefined,
    ): Promise<ProjectRow | undefined> {
      const update = db.updateTable('projects').set({
        ...(name !== undefined && { name }),
        ...(allowedDomains !== undefined && { allowed_domains: allowedDomains }),
        revision: sql<number>`revision + 1`,
      })
      const isWanted = ifRevision ? sql<boolean>`revision = any(${[...ifRevision]}::int[])` : sql<boolean>`true`
      return await update.where('id', '=', id).where(isWanted).returningAll().executeTakeFirst()
    },

    /** Deletes a project with its members, invitations and API keys. */
    async delete(id: string): Promise<void> {
      await db.deleteFrom('projects').where('id', '=', id).execute()
    },

    async ofMember(id: string, userId: string): Promise<ProjectOfMember | undefined> {
      return await ofMember(userId).where('projects.id', '=', id).executeTakeFirst()
    },

    /** Newest first. */
    async allOfMember(userId: string, page: NewestFirst): Promise<ProjectOfMember[]> {
      return await newestFirst(db.selectFrom(ofMember(userId).as('own')).selectAll(), page).execute()
    },

    /** All but the personal ones, newest first. */
    async teams(page: NewestFirst): Promise<ProjectRow[]> {
      return await newestFirst(db.selectFrom('projects').selectAll().where('personal_of', 'is', null), page).execute()
    },
  }
}

export function memberRepository(db: Kysely<AuthDb>) {
  const members = (projectId: string) =>
    db
      .selectFrom('project_members')
      .innerJoin('users', 'users.id', 'project_members.user_id')
      .select(['users.id', 'email', 'display_name', 'project_members.role', 'project_members.created_at'])
      .where('project_id', '=', projectId)

  /**
   * Changes a member's role, or removes the member, unless no enabled owner would be left: one statement, which locks all
   * owners in a fixed order, so that of two owners who leave at the same moment the second is refused.
   */
  async function change(projectId: string, userId: string, role: ProjectRole | null): Promise<MemberChange> {
    const change = role === null ? sql`delete from project_members` : sql`update project_members set role = ${role}`
    const { rows } = await sql<{ role: ProjectRole | null; changed: boolean }>`
      with owners as materialized (
        select user_id from project_members where project_id = ${projectId} and role = 'owner' order by user_id for update
      ), changed as (
        ${change} where project_id = ${projectId} and user_id = ${userId}
          and (${role}::text = 'owner' or not exists (select from owners where user_id = ${userId}) or exists (
            select from owners join users on users.id = owners.user_id
            where owners.user_id <> ${userId} and disabled_at is null))
        returning user_id
      )
      select exists (select from changed) as changed,
        (select role from project_members where project_id = ${projectId} and user_id = ${userId}) as role`.execute(db)
    if (rows[0]?.changed) return 'changed'
    return rows[0]?.role ? 'last_owner' : 'no_member'
  }

  return {
    change,

    /** False where the account is a member already; its role stays. */
    async insert(projectId: string, userId: string, role: ProjectRole, now: Date): Promise<boolean> {
      const { numInsertedOrUpdatedRows } = await db
        .insertInto('project_members')
        .values({ project_id: projectId, user_id: userId, role, created_at: now })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirstOrThrow()
      return numInsertedOrUpdatedRows === 1n
    },

    /** The role of an account; in a transaction it stays until the commit. */
    async roleOf(projectId: string, userId: string): Promise<ProjectRole | undefined> {
      const query = db.selectFrom('project_members').select('role').where('project_id', '=', projectId)
      return (await query.where('user_id', '=', userId).forShare().executeTakeFirst())?.role
    },

    async byId(projectId: string, userId: string): Promise<MemberRow | undefined> {
      return await members(projectId).where('users.id', '=', userId).executeTakeFirst()
    },

    async withEmail(projectId: string, email: string): Promise<MemberRow | undefined> {
      return await members(projectId).where(sql`lower(email)`, '=', email).executeTakeFirst()
    },

    /** Newest first. */
    async find(projectId: string, page: NewestFirst): Promise<MemberRow[]> {
      return await newestFirst(db.selectFrom(members(projectId).as('all')).selectAll(), page).execute()
    },

    async idsOf(projectId: string): Promise<string[]> {
      const rows = await db
        .selectFrom('project_members')
        .select('user_id')
        .where('project_id', '=', projectId)
        .execute()
      return rows.map((row) => row.user_id)
    },

    /** The roles of an account in all projects but its personal one, in the order of the projects' ids. */
    async rolesOf(userId: string): Promise<{ project_id: string; role: ProjectRole }[]> {
      const query = db.selectFrom('project_members').select(['project_id', 'role']).where('user_id', '=', userId)
      return await query.whereRef('project_id', '<>', 'user_id').orderBy('project_id').execute()
    },
  }
}
