import type { Actor, ProjectRole } from './contract.ts'
import { AppError, type ErrorCode } from './errors.ts'

/**
 * The least role for each kind of action in a project. `read`: see and play. `edit`: upload, change, delete, share.
 * `manage`: API keys, webhooks, members. `own`: delete the project, hand it over.
 */
const LEAST_ROLE = { read: 'viewer', edit: 'editor', manage: 'admin', own: 'owner' } as const satisfies Record<
  string,
  ProjectRole
>
export type ProjectAction = keyof typeof LEAST_ROLE

const RANKS: Record<ProjectRole, number> = { viewer: 1, editor: 2, admin: 3, owner: 4 }

/** Decides what a role allows; everything that happens in a project asks here. Undefined: not a member. */
export function roleAllows(role: ProjectRole | undefined, action: ProjectAction): boolean {
  return role !== undefined && RANKS[role] >= RANKS[LEAST_ROLE[action]]
}

/** Whether somebody with this role may give or take the role `other`: nobody changes what is above them. */
export function mayAssign(role: ProjectRole | undefined, other: ProjectRole): boolean {
  return role !== undefined && roleAllows(role, 'manage') && RANKS[role] >= RANKS[other]
}

/** The caller's role in a project; undefined for everybody who is not a member. An API key reaches its own project only. */
export function roleIn(actor: Actor, projectId: string): ProjectRole | undefined {
  if (actor.kind !== 'user') return undefined
  if (actor.apiKeyId !== undefined) return actor.project.id === projectId ? actor.project.role : undefined
  if (actor.userId === projectId) return 'owner'
  return actor.projects && Object.hasOwn(actor.projects, projectId) ? actor.projects[projectId] : undefined
}

/** The project of a request that names none: that of the API key, or the personal project, which has the account's id. */
export function defaultProjectOf(actor: Actor): string {
  if (actor.kind !== 'user') throw new AppError('UNAUTHENTICATED')
  return actor.apiKeyId === undefined ? actor.userId : actor.project.id
}

/**
 * Throws `UNAUTHENTICATED`, `FORBIDDEN` for a member whose role is too low, and `hidden` for everybody else: to them the
 * thing does not exist.
 */
export function assertMay(actor: Actor, projectId: string, action: ProjectAction, hidden: ErrorCode): void {
  if (actor.kind !== 'user') throw new AppError('UNAUTHENTICATED')
  const role = roleIn(actor, projectId)
  if (role === undefined) throw new AppError(hidden)
  if (!roleAllows(role, action)) throw roleTooLow(action)
}

export function roleTooLow(action: ProjectAction): AppError {
  return new AppError('FORBIDDEN', { detail: `This needs the role ${LEAST_ROLE[action]} in the project` })
}
