import type { Bus } from '@kinora/common/bus'
import type { EventData } from '@kinora/common/contract'
import { events } from '@kinora/common/contracts'
import type { Context } from '../context.ts'

/** Listens to media; all auth processes share the queue. Hearing something twice changes nothing. */
export async function subscribeToEvents(bus: Bus, ctx: Context): Promise<void> {
  await bus.subscribe({
    group: 'auth',
    events: [events['video.owner-erased']],
    async handle({ data }) {
      const { ownerId } = data as EventData<(typeof events)['video.owner-erased']>
      await ctx.erasures.finishMedia(ownerId, ctx.now())
      ctx.logger.info({ userId: ownerId }, 'media has nothing left of an erased account')
    },
  })
}
