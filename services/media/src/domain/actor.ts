import type { Actor } from '@kinora/common/contract'
import { AppError } from '@kinora/common/errors'

/** The id of the signed-in user. */
export function userOf(actor: Actor): string {
  if (actor.kind !== 'user') throw new AppError('UNAUTHENTICATED')
  return actor.userId
}
