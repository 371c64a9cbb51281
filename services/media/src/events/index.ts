import { type Bus, byType } from '@kinora/common/bus'
import type { EventData, EventEnvelope, EventType } from '@kinora/common/contract'
import { events } from '@kinora/common/contracts'
import type { Context } from '../context.ts'
import { transact } from '../operations/transact.ts'
import { noteErasure } from '../repositories/erased-owners.ts'
import { park } from '../repositories/parked.ts'
import { taskFinished } from './task-finished.ts'
import { taskFailed, taskProgressed } from './tasks.ts'

export const SUBSCRIBED_EVENTS = byType([
  events['task.progressed'],
  events['task.finished'],
  events['task.failed'],
  events['auth.user-erased'],
])

/** Listens to the workers and to auth; all media processes share the queue. */
export async function subscribeToEvents(bus: Bus, ctx: Context): Promise<void> {
  await bus.subscribe({
    group: 'media',
    events: [...SUBSCRIBED_EVENTS.values()],
    prefetch: 8,
    handle: (envelope) => handle(ctx, envelope),
    park: (message) => park(ctx.db, message),
  })
}

async function handle(ctx: Context, envelope: EventEnvelope): Promise<void> {
  if (is(envelope, events['task.progressed'])) await taskProgressed(ctx, envelope.data)
  else if (is(envelope, events['task.finished'])) await taskFinished(ctx, envelope.data, envelope.id)
  else if (is(envelope, events['task.failed'])) await taskFailed(ctx, envelope.data, envelope.id)
  else if (is(envelope, events['auth.user-erased'])) await userErased(ctx, envelope.data)
}

/** The bus has parsed the data by the schema of its type. */
function is<E extends EventType>(envelope: EventEnvelope, event: E): envelope is EventEnvelope<E> {
  return envelope.type === event.type
}

/** An account was deleted. Only noted here: the work may take long, and is a job's. Telling it twice does no harm. */
async function userErased(ctx: Context, { userId }: EventData<(typeof events)['auth.user-erased']>): Promise<void> {
  await transact(ctx, (tx) => noteErasure(tx, userId), { wake: () => 'erasures' })
}
