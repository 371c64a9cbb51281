import type { Bus } from '@kinora/common/bus'
import type { EventEnvelope, EventType } from '@kinora/common/contract'
import { events } from '@kinora/common/contracts'
import type { Context } from '../context.ts'
import { auditNoted } from './audit-noted.ts'
import { ownerErased } from './owner-erased.ts'

/** Listens to media; all auth processes share the queue. Hearing something twice changes nothing. */
export async function subscribeToEvents(bus: Bus, ctx: Context): Promise<void> {
  await bus.subscribe({
    group: 'auth',
    events: [events['video.owner-erased'], events['audit.noted']],
    async handle(envelope) {
      if (is(envelope, events['video.owner-erased'])) await ownerErased(ctx, envelope.data)
      else if (is(envelope, events['audit.noted'])) await auditNoted(ctx, envelope)
    },
  })
}

/** The bus has parsed the data by the schema of its type. */
function is<E extends EventType>(envelope: EventEnvelope, event: E): envelope is EventEnvelope<E> {
  return envelope.type === event.type
}
