import type { Actor } from '@kinora/common/contract'
import type { Visibility } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'

interface Owned {
  owner_id: string
  visibility: Visibility
}

export function isOwner(actor: Actor, video: Owned): boolean {
  return actor.kind === 'user' && actor.userId === video.owner_id
}

/**
 * Everyone who knows its id may see a public or unlisted video. A private one looks like a missing one to all but its owner.
 */
export function maySee(actor: Actor, video: Owned): boolean {
  return video.visibility !== 'private' || isOwner(actor, video)
}

/** Only the owner may change a video. Others get `FORBIDDEN` where they may see it, otherwise `VIDEO_NOT_FOUND`. */
export function assertOwner(actor: Actor, video: Owned): void {
  if (isOwner(actor, video)) return
  throw new AppError(maySee(actor, video) ? 'FORBIDDEN' : 'VIDEO_NOT_FOUND')
}

/** The id of the signed-in user. */
export function userOf(actor: Actor): string {
  if (actor.kind !== 'user') throw new AppError('UNAUTHENTICATED')
  return actor.userId
}
