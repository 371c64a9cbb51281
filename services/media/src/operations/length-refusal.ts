import type { TaskCause } from '@kinora/common/contracts'
import type { Transaction } from 'kysely'
import type { Context } from '../context.ts'
import type { MediaDb } from '../db/schema.ts'
import { lengthFault } from '../domain/quota.ts'
import { lockRoom, standingOf } from '../repositories/quota-usage.ts'

/**
 * Why a video of this length may not be made; null when it may. Until the commit nobody else of this owner's asks, so
 * that of two videos probed at once both count.
 */
export async function lengthRefusal(
  ctx: Context,
  tx: Transaction<MediaDb>,
  ownerId: string,
  seconds: number,
): Promise<TaskCause | null> {
  await lockRoom(tx, ownerId)
  return lengthFault(seconds, await standingOf(tx, ctx.config, ownerId))
}
