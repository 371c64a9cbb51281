import type { EventData } from '@kinora/common/contract'
import type { events } from '@kinora/common/contracts'
import type { Context } from '../context.ts'

export async function ownerErased(
  ctx: Context,
  { ownerId }: EventData<(typeof events)['video.owner-erased']>,
): Promise<void> {
  await ctx.erasures.finishMedia(ownerId, ctx.now())
  ctx.logger.info({ userId: ownerId }, 'media has nothing left of an erased account')
}
