import type { EventData } from '@kinora/common/contract'
import type { events } from '@kinora/common/contracts'
import type { Context } from '../context.ts'
import { noteErasure } from '../repositories/erased-owners.ts'

/** An account was deleted. Only noted here: the work may take long, and is a job's. Telling it twice does no harm. */
export async function userErased(
  ctx: Context,
  { userId }: EventData<(typeof events)['auth.user-erased']>,
): Promise<void> {
  await ctx.db.transaction().execute((tx) => noteErasure(tx, userId))
  ctx.wake.emit('erasures')
  ctx.wake.emit('outbox')
}
