import { randomUUID } from 'node:crypto'
import { type Bus, byType } from '@kinora/common/bus'
import type { EventData, EventEnvelope, EventType } from '@kinora/common/contract'
import { auth, events } from '@kinora/common/contracts'
import type { Context } from '../context.ts'
import { retireKeysBy } from '../operations/retire-playback-keys.ts'
import { transact } from '../operations/transact.ts'
import { revokeLinks } from '../operations/upload-links.ts'
import { isErased, recordErasure } from '../repositories/erased-projects.ts'
import { park } from '../repositories/parked.ts'
import { keepProjectDomains } from '../repositories/project-domains.ts'
import { linksCreatedBy } from '../repositories/upload-links.ts'
import { removeWebhooksBy } from '../repositories/webhooks.ts'
import { taskFinished } from './task-finished.ts'
import { taskFailed, taskProgressed } from './tasks.ts'

type EventHandler<E extends EventType> = (ctx: Context, data: EventData<E>, eventId: string) => Promise<void>
/** A handler for each event by its type: a missing or mistyped one does not compile. */
type EventHandlers<E extends Record<string, EventType>> = { [K in keyof E]: EventHandler<E[K]> }

const SUBSCRIBED = {
  'task.progressed': events['task.progressed'],
  'task.finished': events['task.finished'],
  'task.failed': events['task.failed'],
  'auth.account-claimed': events['auth.account-claimed'],
  'auth.user-erased': events['auth.user-erased'],
  'auth.project-erased': events['auth.project-erased'],
  'auth.project-changed': events['auth.project-changed'],
}

/** The bus parses the data of an event by the schema of its type. */
function handlersOf(bus: Bus): EventHandlers<typeof SUBSCRIBED> {
  return {
    'task.progressed': taskProgressed,
    'task.finished': taskFinished,
    'task.failed': taskFailed,
    'auth.account-claimed': accountClaimed,
    'auth.user-erased': (ctx, { userId }) => projectErased(ctx, bus, userId),
    'auth.project-erased': (ctx, { projectId }) => projectErased(ctx, bus, projectId),
    'auth.project-changed': projectChanged,
  }
}

export const SUBSCRIBED_EVENTS = byType(Object.values(SUBSCRIBED))

/** Subscribes to the workers and to auth; all media processes share the queue. */
export async function subscribeToEvents(bus: Bus, ctx: Context): Promise<void> {
  const handlers = new Map<string, EventHandler<EventType>>(Object.entries(handlersOf(bus)))
  await bus.subscribe({
    group: 'media',
    events: [...SUBSCRIBED_EVENTS.values()],
    prefetch: 8,
    handle: async ({ type, data, id }: EventEnvelope) => await handlers.get(type)?.(ctx, data, id),
    park: (message) => park(ctx.db, message),
  })
}

/**
 * An account was deleted, whose personal project has its id, or another project. Auth is asked, because what follows cannot be undone; while it does not answer, the event is
 * retried, and auth repeats it. Only recorded here, because the removal may take long; it is a job's. May be called twice.
 */
async function projectErased(ctx: Context, bus: Bus, projectId: string): Promise<void> {
  const call = { actor: { kind: 'service', name: 'media' }, requestId: randomUUID() } as const
  const { erased } = await bus.call(auth.getErasure, { userId: projectId }, call)
  if (erased) await transact(ctx, (tx) => recordErasure(tx, projectId), { wake: () => 'erasures' })
  else ctx.logger.error({ projectId }, 'auth has not deleted this account or project: its videos stay')
}

/**
 * The owner of an address has proved it for the first time; a stranger may have added webhooks, playback keys and upload links
 * before. May be called twice.
 */
async function accountClaimed(
  ctx: Context,
  { userId, claimedAt }: EventData<(typeof events)['auth.account-claimed']>,
): Promise<void> {
  const until = new Date(claimedAt)
  await removeWebhooksBy(ctx.db, userId, until)
  await revokeLinks(ctx, await linksCreatedBy(ctx.db, userId, until))
  await transact(ctx, (tx) => retireKeysBy(tx, userId, until))
}

/** Gateways hear of it from auth, too. */
async function projectChanged(
  ctx: Context,
  { projectId, revision, allowedDomains: domains }: EventData<(typeof events)['auth.project-changed']>,
): Promise<void> {
  await transact(ctx, async (tx) => {
    if (!(await isErased(tx, projectId))) await keepProjectDomains(tx, projectId, { domains, revision })
  })
}
