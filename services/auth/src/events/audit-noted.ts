import type { EventEnvelope } from '@kinora/common/contract'
import type { events } from '@kinora/common/contracts'
import type { Context } from '../context.ts'

/**
 * An administrator has done something in another service. The row has the event's id: told twice it is written once, and of
 * two that write it at the same time one fails on that and finds it at its next try.
 */
export async function auditNoted(
  ctx: Context,
  { id, occurredAt, data }: EventEnvelope<(typeof events)['audit.noted']>,
): Promise<void> {
  const { action, actor, subject, requestId, client } = data
  const call = { actor, requestId, ...(client && { client }), timeoutMs: 0 }
  await ctx.transact(async (work) => {
    if (await work.audit.has(id)) return
    await work.audit.record(call, { id, action, subject, userId: null }, new Date(occurredAt))
  })
}
