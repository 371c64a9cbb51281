import type { Bus } from '@kinora/common/bus'
import type { EventData, EventEnvelope, EventType } from '@kinora/common/contract'
import { events, isMemberAction } from '@kinora/common/contracts'
import type { Context } from '../context.ts'

/** Subscribes to media's events; all auth processes share the queue. Handling an event twice changes nothing. */
export async function subscribeToEvents(bus: Bus, ctx: Context): Promise<void> {
  await bus.subscribe({
    group: 'auth',
    events: [events['video.owner-erased'], events['audit.noted']],
    async handle(envelope) {
      if (is(envelope, events['video.owner-erased'])) await ownerErased(ctx, envelope.data)
      else if (is(envelope, events['audit.noted'])) await writeNotedRecord(ctx, envelope)
    },
  })
}

/** Narrows an envelope by its type; the bus has parsed the data by the schema of that type. */
function is<E extends EventType>(envelope: EventEnvelope, event: E): envelope is EventEnvelope<E> {
  return envelope.type === event.type
}

async function ownerErased(ctx: Context, { ownerId }: EventData<(typeof events)['video.owner-erased']>): Promise<void> {
  await ctx.erasures.finishMedia(ownerId, ctx.now())
  ctx.logger.info({ userId: ownerId }, 'media has removed all data of an erased account')
}

/**
 * Writes the row for an action in another service. It has the event's id, so it is written once; of two processes that
 * write it at the same time one fails, and finds the row at its next attempt.
 */
async function writeNotedRecord(
  ctx: Context,
  { id, occurredAt, data }: EventEnvelope<(typeof events)['audit.noted']>,
): Promise<void> {
  const { action, actor, subject, requestId, client } = data
  const call = { actor, requestId, ...(client && { client }), timeoutMs: 0 }
  // What members do is shown to them.
  const userId = isMemberAction(action) && actor.kind === 'user' ? actor.userId : null
  await ctx.transact(null, async (work) => {
    if (await work.audit.has(id)) return
    await work.audit.record(call, { id, action, subject, userId }, new Date(occurredAt))
  })
}
