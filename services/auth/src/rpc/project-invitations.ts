import { randomUUID } from 'node:crypto'
import type { Handler } from '@kinora/common/contract'
import { type auth, normaliseEmail } from '@kinora/common/contracts'
import { pageOf } from '@kinora/common/cursor'
import { AppError } from '@kinora/common/errors'
import { mayAssign, roleAllows, roleTooLow } from '@kinora/common/project-access'
import type { Context } from '../context.ts'
import type { ProjectInvitationRow } from '../db/schema.ts'
import { createOneTimeToken, oneTimeTokenHash } from '../domain/challenges.ts'
import { toProject, toProjectInvitation } from '../domain/views.ts'
import { reauthenticate } from '../operations/passwords.ts'
import {
  assertMayAssign,
  assertMayOwn,
  assertTeam,
  evictRoles,
  MAX_SEATS,
  openProject,
} from '../operations/projects.ts'
import { assertSessionLive } from '../operations/sessions.ts'
import type { Work } from '../operations/transact.ts'
import { cursorAt, pageRequest } from '../repositories/pages.ts'
import { signedIn } from './guards.ts'
import { assertFound } from './projects.ts'

const LIFETIME_MS = 7 * 24 * 3600 * 1000

/** Nobody sees the token of this row: the mail gets its own. */
export function createProjectInvitation(ctx: Context): Handler<typeof auth.createProjectInvitation> {
  return signedIn<typeof auth.createProjectInvitation>(async (input, actor, call) => {
    const { projectId, role, password } = input
    await assertFound(ctx, projectId, actor.userId)
    await reauthenticate(ctx, actor, password, 'member_invite', call)
    const now = ctx.now()
    const about = { id: randomUUID(), project_id: projectId, email: normaliseEmail(input.email), role }
    const times = { created_at: now, expires_at: new Date(now.getTime() + LIFETIME_MS) }
    const row = { ...about, invited_by: actor.userId, token_hash: createOneTimeToken().hash, ...times }
    await ctx.transact(call, async (work) => {
      const opened = await openProject(work, actor, projectId, 'manage')
      assertTeam(opened.project)
      assertMayAssign(opened.role, role)
      if (await work.members.withEmail(projectId, row.email)) throw new AppError('MEMBER_EXISTS')
      await work.projectInvitations.put(row)
      if ((await work.projectInvitations.countSeats(projectId, now)) > MAX_SEATS)
        throw new AppError('MEMBER_LIMIT_REACHED')
      await work.queueProjectInvitation(row.id, now)
      await work.audit.record(call, { action: 'member_invite', userId: null, subject: projectId }, now)
    })
    return toProjectInvitation(row)
  })
}

export function listProjectInvitations(ctx: Context): Handler<typeof auth.listProjectInvitations> {
  return signedIn<typeof auth.listProjectInvitations>(async ({ projectId, limit, cursor }, { userId }) => {
    const role = await ctx.members.roleOf(projectId, userId)
    if (role === undefined) throw new AppError('PROJECT_NOT_FOUND')
    if (!roleAllows(role, 'manage')) throw roleTooLow('manage')
    const rows = await ctx.projectInvitations.find(projectId, ctx.now(), pageRequest(limit, cursor))
    return pageOf(rows, limit, toProjectInvitation, cursorAt)
  })
}

export function deleteProjectInvitation(ctx: Context): Handler<typeof auth.deleteProjectInvitation> {
  return signedIn<typeof auth.deleteProjectInvitation>(async ({ projectId, invitationId }, actor, call) => {
    await ctx.transact(call, async (work) => {
      await openProject(work, actor, projectId, 'manage')
      if (!(await work.projectInvitations.delete(invitationId, projectId))) throw new AppError('INVITE_NOT_FOUND')
      await work.audit.record(call, { action: 'member_invite_withdraw', userId: null, subject: projectId }, ctx.now())
    })
    return {}
  })
}

/**
 * Only for the account of the invited address, whoever has the link. The invitation counts as long as the member who sent it
 * may still give that role.
 */
export function acceptProjectInvitation(ctx: Context): Handler<typeof auth.acceptProjectInvitation> {
  return signedIn<typeof auth.acceptProjectInvitation>(async ({ token }, { userId, sessionId }, call) => {
    const now = ctx.now()
    return await ctx.transact(call, async (work) => {
      const user = await work.users.lock(userId)
      if (!user) throw new AppError('UNAUTHENTICATED')
      if (user.disabled_at) throw new AppError('ACCOUNT_DISABLED')
      await assertSessionLive(work, sessionId)
      const invitation = await takeInvitation(work, oneTimeTokenHash(token), user.email, now)
      const { project_id: projectId, role } = invitation
      if ((await work.members.rolesOf(userId)).length >= MAX_SEATS) throw new AppError('MEMBER_LIMIT_REACHED')
      if (role === 'owner') await assertMayOwn(ctx, work, userId)
      if (await work.members.insert(projectId, userId, role, now)) {
        await work.audit.record(call, { action: 'member_join', userId, subject: projectId }, now)
        await evictRoles(work, [userId], now)
      }
      const project = await work.projects.ofMember(projectId, userId)
      if (!project) throw new AppError('INVITE_INVALID')
      return toProject(project, project.role)
    })
  })
}

/** Uses an invitation, with its project locked. Throws `INVITE_INVALID`. */
async function takeInvitation(work: Work, hash: Buffer, email: string, now: Date): Promise<ProjectInvitationRow> {
  const found = await work.projectInvitations.withToken(hash, normaliseEmail(email), now)
  if (!found || !(await work.projects.lock(found.project_id))) throw new AppError('INVITE_INVALID')
  // Again: whoever held the lock may have changed it.
  const invitation = await work.projectInvitations.withToken(hash, normaliseEmail(email), now)
  const isGood = invitation && mayAssign(invitation.inviter_role, invitation.role)
  if (!isGood || !(await work.projectInvitations.delete(invitation.id, invitation.project_id)))
    throw new AppError('INVITE_INVALID')
  return invitation
}
