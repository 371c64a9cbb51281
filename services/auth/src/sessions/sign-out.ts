import type { Call } from '@kinora/common/contract'
import type { Context } from '../context.ts'
import type { AuditAction } from '../repositories/audit.ts'
import { endSessions, type SessionsToEnd } from './end-sessions.ts'

/** Ends sessions at their owner's wish, audited, and tells the gateways at once. Again it changes nothing. */
export async function signOut(ctx: Context, call: Call, action: AuditAction, target: SessionsToEnd): Promise<void> {
  const now = ctx.now()
  await ctx.transact(async (work) => {
    const ended = await endSessions(work, target, now)
    const { userId, sessionId } = target
    if (ended > 0) await work.audit.record(call, { action, userId, sessionId }, now)
  })
  ctx.pokeRelay()
}
