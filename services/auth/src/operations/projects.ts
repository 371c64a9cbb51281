import type { Call, ProjectRole, SessionActor } from '@kinora/common/contract'
import { AppError } from '@kinora/common/errors'
import { mayAssign, type ProjectAction, roleAllows, roleTooLow } from '@kinora/common/project-access'
import type { Context } from '../context.ts'
import type { ProjectRow, UserRow } from '../db/schema.ts'
import type { MemberChange } from '../repositories/projects.ts'
import { MAX_IDS_PER_REVOCATION } from '../repositories/revocations.ts'
import { revokeApiKeys } from './api-keys.ts'
import { assertSessionLive } from './sessions.ts'
import type { Work } from './transact.ts'

/** Members and invitations of one project. */
export const MAX_SEATS = 200
/** A gateway that was away for longer has loaded everything anew. */
const KEEP_MS = 3_600_000

/** Adds an account with its personal project; false when the address already has an account. */
export async function insertAccount(work: Work, user: UserRow): Promise<boolean> {
  const isNew = await work.users.insert(user)
  await work.projects.insertPersonal(user.id)
  return isNew
}

export interface OpenProject {
  project: ProjectRow
  role: ProjectRole
}

/**
 * Locks a project for a change, and checks the session and the role of the caller under the lock: a role that was taken away
 * while the request was under way counts no more. Throws `PROJECT_NOT_FOUND` for everybody who is no member, `FORBIDDEN`.
 */
export async function openProject(
  work: Work,
  actor: SessionActor,
  projectId: string,
  action: ProjectAction,
): Promise<OpenProject> {
  const project = await work.projects.lock(projectId)
  const role = await work.members.roleOf(projectId, actor.userId)
  if (!project || role === undefined) throw new AppError('PROJECT_NOT_FOUND')
  await assertSessionLive(work, actor.sessionId)
  if (!roleAllows(role, action)) throw roleTooLow(action)
  return { project, role }
}

/** Throws `PROJECT_IS_PERSONAL`: a personal project has one member, its owner, for good. */
export function assertTeam({ personal_of }: ProjectRow): void {
  if (personal_of !== null) throw new AppError('PROJECT_IS_PERSONAL')
}

/** Throws `FORBIDDEN` unless somebody with `role` may give and take all of these roles. */
export function assertMayAssign(role: ProjectRole, ...others: ProjectRole[]): void {
  if (others.every((other) => mayAssign(role, other))) return
  throw new AppError('FORBIDDEN', { detail: 'You may not give or take a role above your own' })
}

/** Throws `PROJECT_LIMIT_REACHED` where an account owns as many projects as it may. */
export async function assertMayOwn({ projectsPerAccount }: Context, work: Work, userId: string): Promise<void> {
  const owned = (await work.members.rolesOf(userId)).filter(({ role }) => role === 'owner')
  if (owned.length >= projectsPerAccount) throw new AppError('PROJECT_LIMIT_REACHED')
}

/** Throws the error for a change of a member that was not made. */
export function assertChanged(change: MemberChange): void {
  if (change === 'no_member') throw new AppError('MEMBER_NOT_FOUND')
  if (change === 'last_owner') throw new AppError('LAST_OWNER')
}

/**
 * Removes a member from a locked project, with the API keys that it has created there: the videos stay. The account was
 * locked before, so that no key is created meanwhile. Must come last in a transaction.
 */
export async function takeOut(work: Work, projectId: string, userId: string, call: Call, now: Date): Promise<void> {
  assertChanged(await work.members.change(projectId, userId, null))
  await revokeApiKeys(work, { userId, projectId }, call, now)
  await evictRoles(work, [userId], now)
}

/**
 * Makes every gateway drop the cached roles of these accounts, and those of their API keys, within a second. Must be called
 * in the transaction that changes them.
 */
export async function evictRoles(work: Work, userIds: readonly string[], now: Date): Promise<void> {
  const expiresAt = new Date(now.getTime() + KEEP_MS)
  for (let at = 0; at < userIds.length; at += MAX_IDS_PER_REVOCATION) {
    const accountIds = userIds.slice(at, at + MAX_IDS_PER_REVOCATION)
    await work.addSessionsRevoked(
      await work.revocations.insert({ accountIds, reason: 'project_role_changed', expiresAt }, now),
    )
  }
}

/**
 * Takes an account that is about to be deleted out of all its projects but the personal one, whose videos go with it. Throws
 * `LAST_OWNER` where a project would have no owner. The account is locked.
 */
export async function leaveAllProjects(work: Work, userId: string): Promise<void> {
  const stuck: string[] = []
  for (const { project_id: projectId } of await work.members.rolesOf(userId)) {
    const project = await work.projects.lock(projectId)
    if (project && (await work.members.change(projectId, userId, null)) === 'last_owner') stuck.push(project.name)
  }
  if (stuck.length === 0) return
  const names = stuck.slice(0, 5).join(', ')
  throw new AppError('LAST_OWNER', {
    detail: `First hand over or delete the projects that only this account owns: ${names}`,
  })
}
