import type { Call, Handler, ProjectRole, SessionActor } from '@kinora/common/contract'
import type { auth, Member } from '@kinora/common/contracts'
import { pageOf } from '@kinora/common/cursor'
import { AppError } from '@kinora/common/errors'
import { roleAllows } from '@kinora/common/project-access'
import type { Context } from '../context.ts'
import { toMember } from '../domain/views.ts'
import { reauthenticate } from '../operations/passwords.ts'
import {
  assertChanged,
  assertMayAssign,
  assertMayOwn,
  assertTeam,
  evictRoles,
  openProject,
  takeOut,
} from '../operations/projects.ts'
import { confirmIdentity } from '../operations/second-factor.ts'
import type { Work } from '../operations/transact.ts'
import { cursorAt, pageRequest } from '../repositories/pages.ts'
import { signedIn } from './guards.ts'
import { assertFound } from './projects.ts'

export function listMembers(ctx: Context): Handler<typeof auth.listMembers> {
  return async ({ projectId, limit, cursor }, { actor }) => {
    const role = await roleOfReader(ctx, projectId, actor)
    const rows = await ctx.members.find(projectId, pageRequest(limit, cursor))
    return pageOf(rows, limit, (row) => toMember(row, role === 'operator' || roleAllows(role, 'manage')), cursorAt)
  }
}

async function roleOfReader(
  { members, projects }: Context,
  projectId: string,
  actor: Call['actor'],
): Promise<ProjectRole | 'operator'> {
  if (actor.kind === 'service' && actor.name === 'operator' && (await projects.byId(projectId))) return 'operator'
  if (actor.kind === 'anonymous') throw new AppError('UNAUTHENTICATED')
  const role = actor.kind === 'user' && actor.sessionId ? await members.roleOf(projectId, actor.userId) : undefined
  if (role === undefined) throw new AppError('PROJECT_NOT_FOUND')
  return role
}

export function updateMember(ctx: Context): Handler<typeof auth.updateMember> {
  return signedIn<typeof auth.updateMember>(async ({ projectId, userId, role, password }, actor, call) => {
    await assertFound(ctx, projectId, actor.userId)
    await reauthenticate(ctx, actor, password, 'member_role_change', call)
    const now = ctx.now()
    return await ctx.transact(call, async (work) => {
      const opened = await openProject(work, actor, projectId, 'manage')
      assertTeam(opened.project)
      const before = await work.members.byId(projectId, userId)
      if (!before) throw new AppError('MEMBER_NOT_FOUND')
      assertMayAssign(opened.role, before.role, role)
      if (role === 'owner' && before.role !== 'owner') await assertMayOwn(ctx, work, userId)
      await setRole(work, { projectId, userId, role }, call, now)
      await evictRoles(work, [userId], now)
      return toMember({ ...before, role }, true)
    })
  })
}

async function setRole(
  work: Work,
  { projectId, userId, role }: { projectId: string; userId: string; role: ProjectRole },
  call: Call,
  now: Date,
): Promise<void> {
  assertChanged(await work.members.change(projectId, userId, role))
  await work.audit.record(call, { action: 'member_role_change', userId, subject: projectId }, now)
}

export function removeMember(ctx: Context): Handler<typeof auth.removeMember> {
  return signedIn<typeof auth.removeMember>(async ({ projectId, userId }, actor, call) => {
    const now = ctx.now()
    const isSelf = userId === actor.userId
    await ctx.transact(call, async (work) => {
      // Accounts are locked before projects, as everywhere.
      await work.users.lock(userId)
      const { project, role } = await openProject(work, actor, projectId, isSelf ? 'read' : 'manage')
      const member = await work.members.byId(projectId, userId)
      if (!member) throw new AppError('MEMBER_NOT_FOUND')
      assertTeam(project)
      if (!isSelf) assertMayAssign(role, member.role)
      const action = isSelf ? 'member_leave' : 'member_remove'
      await work.audit.record(call, { action, userId, subject: projectId }, now)
      await takeOut(work, projectId, userId, call, now)
    })
    return {}
  })
}

/** The new owner comes first, so that the project has one at every moment. */
export function handOverProject(ctx: Context): Handler<typeof auth.handOverProject> {
  return signedIn<typeof auth.handOverProject>(async ({ projectId, userId, ...proof }, actor, call) => {
    await assertFound(ctx, projectId, actor.userId)
    await confirmIdentity(ctx, { userId: actor.userId, action: 'project_hand_over_confirm' }, proof, call)
    return await ctx.transact(call, (work) => handOver(ctx, work, { projectId, userId }, actor, call))
  })
}

async function handOver(
  ctx: Context,
  work: Work,
  { projectId, userId }: { projectId: string; userId: string },
  actor: SessionActor,
  call: Call,
): Promise<Member> {
  const now = ctx.now()
  const { project } = await openProject(work, actor, projectId, 'own')
  assertTeam(project)
  const heir = await work.members.byId(projectId, userId)
  if (!heir || userId === actor.userId) throw new AppError('MEMBER_NOT_FOUND')
  if (heir.role !== 'owner') await assertMayOwn(ctx, work, userId)
  await setRole(work, { projectId, userId, role: 'owner' }, call, now)
  await setRole(work, { projectId, userId: actor.userId, role: 'admin' }, call, now)
  await work.audit.record(call, { action: 'project_hand_over', userId, subject: projectId }, now)
  await evictRoles(work, [userId, actor.userId], now)
  return toMember({ ...heir, role: 'owner' }, true)
}
