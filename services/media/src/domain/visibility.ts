import type { Actor } from '@kinora/common/contract'
import type { Visibility } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { assertMay, type ProjectAction, roleIn } from '@kinora/common/project-access'

interface Owned {
  project_id: string
  visibility: Visibility
  /** Not null: no video by itself. */
  replaces?: string | null
}

/** Whether the caller is a member of the project of a video, in any role. */
export function isMember(actor: Actor, video: Owned): boolean {
  return roleIn(actor, video.project_id) !== undefined
}

/**
 * Everyone who knows its id may see a public or unlisted video. A private one looks like a missing one to all but the members
 * of its project.
 */
export function maySee(actor: Actor, video: Owned): boolean {
  return !video.replaces && (video.visibility !== 'private' || isMember(actor, video))
}

/**
 * Members of the project may do what their role allows, and others nothing: they get `FORBIDDEN` where they may see the video,
 * otherwise `VIDEO_NOT_FOUND`.
 */
export function assertMayWith(video: Owned, actor: Actor, action: ProjectAction): void {
  if (video.replaces) throw new AppError('VIDEO_NOT_FOUND')
  // A signed-out caller is told the same as a stranger.
  if (actor.kind !== 'user') throw new AppError(maySee(actor, video) ? 'FORBIDDEN' : 'VIDEO_NOT_FOUND')
  assertMay(actor, video.project_id, action, maySee(actor, video) ? 'FORBIDDEN' : 'VIDEO_NOT_FOUND')
}

/** The id of the signed-in user. */
export function userOf(actor: Actor): string {
  if (actor.kind !== 'user') throw new AppError('UNAUTHENTICATED')
  return actor.userId
}

/** The account that an upload is counted for: the signed-in user, or the one that created the link. */
export function uploaderOf(actor: Actor): string {
  return actor.kind === 'upload-link' ? actor.ownerId : userOf(actor)
}
