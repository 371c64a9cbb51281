import { randomUUID } from 'node:crypto'
import type { Call, Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import { pageOf } from '@kinora/common/cursor'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import type { ProjectRow } from '../db/schema.ts'
import { toProject } from '../domain/views.ts'
import { evictKeys } from '../operations/api-keys.ts'
import { assertMayOwn, assertTeam, evictRoles, openProject } from '../operations/projects.ts'
import { confirmIdentity } from '../operations/second-factor.ts'
import { assertSessionLive } from '../operations/sessions.ts'
import { cursorAt, pageRequest } from '../repositories/pages.ts'
import { byGateway, signedIn, signedInOrByKey } from './guards.ts'

export function createProject(ctx: Context): Handler<typeof auth.createProject> {
  return signedIn<typeof auth.createProject>(async ({ name }, { userId, sessionId }, call) =>
    toProject(await create(ctx, { userId, sessionId, name }, call, 'UNAUTHENTICATED'), 'owner'),
  )
}

export function createUserProject(ctx: Context): Handler<typeof auth.createUserProject> {
  return async (input, call) => toProject(await create(ctx, input, call, 'USER_NOT_FOUND'), null)
}

async function create(
  ctx: Context,
  { userId, sessionId, name }: { userId: string; sessionId?: string; name: string },
  call: Call,
  gone: 'UNAUTHENTICATED' | 'USER_NOT_FOUND',
): Promise<ProjectRow> {
  const now = ctx.now()
  const id = randomUUID()
  return await ctx.transact(call, async (work) => {
    // The lock serialises new projects of one account, so that the limit holds.
    const user = await work.users.lock(userId)
    if (!user) throw new AppError(gone)
    if (user.disabled_at) throw new AppError('ACCOUNT_DISABLED')
    if (sessionId !== undefined) await assertSessionLive(work, sessionId)
    await assertMayOwn(ctx, work, userId)
    const project = await work.projects.insert({ id, personal_of: null, name, created_at: now })
    await work.members.insert(id, userId, 'owner', now)
    await work.audit.record(call, { action: 'project_create', userId, subject: id }, now)
    await evictRoles(work, [userId], now)
    return project
  })
}

/** With an API key only its project. */
export function listProjects({ projects }: Context): Handler<typeof auth.listProjects> {
  return signedInOrByKey<typeof auth.listProjects>(async ({ limit, cursor }, actor) => {
    if (actor.apiKeyId === undefined) {
      const rows = await projects.allOfMember(actor.userId, pageRequest(limit, cursor))
      return pageOf(rows, limit, (row) => toProject(row, row.role), cursorAt)
    }
    const row = await projects.ofMember(actor.project.id, actor.userId)
    return { items: row ? [toProject(row, row.role)] : [], nextCursor: null }
  })
}

export function getProject({ projects }: Context): Handler<typeof auth.getProject> {
  return signedInOrByKey<typeof auth.getProject>(async ({ projectId }, actor) => {
    const isReachable = actor.apiKeyId === undefined || actor.project.id === projectId
    const row = isReachable ? await projects.ofMember(projectId, actor.userId) : undefined
    if (!row) throw new AppError('PROJECT_NOT_FOUND')
    return toProject(row, row.role)
  })
}

export function updateProject(ctx: Context): Handler<typeof auth.updateProject> {
  return signedIn<typeof auth.updateProject>(async ({ projectId, ifRevision, ...change }, actor, call) => {
    return await ctx.transact(call, async (work) => {
      const { role } = await openProject(work, actor, projectId, 'manage')
      const project = await work.projects.update(projectId, change, ifRevision)
      if (!project) throw new AppError('PROJECT_CHANGED')
      if (change.allowedDomains) await work.addProjectChanged(project)
      await work.audit.record(call, { action: 'project_update', userId: null, subject: projectId }, ctx.now())
      return toProject(project, role)
    })
  })
}

export function deleteProject(ctx: Context): Handler<typeof auth.deleteProject> {
  return signedIn<typeof auth.deleteProject>(async ({ projectId, ...proof }, actor, call) => {
    await assertFound(ctx, projectId, actor.userId)
    await confirmIdentity(ctx, { userId: actor.userId, action: 'project_delete_confirm' }, proof, call)
    const now = ctx.now()
    await ctx.transact(call, async (work) => {
      const { project } = await openProject(work, actor, projectId, 'own')
      assertTeam(project)
      const [members, keys] = [await work.members.idsOf(projectId), await work.apiKeys.liveIds({ projectId }, now)]
      await work.audit.record(call, { action: 'project_delete', userId: null, subject: projectId }, now)
      await work.erasures.insertProject(projectId, now)
      await work.addProjectErased(projectId)
      await work.projects.delete(projectId)
      // Last: revocations of all accounts take turns until the commit.
      await evictKeys(work, keys, 'api_key_revoked', now)
      await evictRoles(work, members, now)
    })
    return {}
  })
}

/** Before a password is asked for: a project of others looks like a missing one, whatever the password. */
export async function assertFound({ projects }: Context, projectId: string, userId: string): Promise<void> {
  if (!(await projects.ofMember(projectId, userId))) throw new AppError('PROJECT_NOT_FOUND')
}

export function listMemberships({ members }: Context): Handler<typeof auth.listMemberships> {
  return byGateway<typeof auth.listMemberships>(async ({ userId }) => {
    const roles = await members.rolesOf(userId)
    return { projects: Object.fromEntries(roles.map(({ project_id: id, role }) => [id, role])) }
  })
}

export function findProjects({ projects }: Context): Handler<typeof auth.findProjects> {
  return async ({ limit, cursor }) => {
    const rows = await projects.teams(pageRequest(limit, cursor))
    return pageOf(rows, limit, (row) => toProject(row, null), cursorAt)
  }
}
