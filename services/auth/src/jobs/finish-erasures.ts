import type { Context } from '../context.ts'

/** Media is done half an hour after the last straggler could write: whatever takes longer is in trouble. */
const RETRY_MS = 3600 * 1000
/** No access token lives for longer (see `config.ts`), so after this nobody can leave another trace in the audit log. */
const LAST_TRACE_MS = 3600 * 1000 + 60_000

/** Sees to it that every erasure ends, whatever was down meanwhile, and tells operators how many have not. */
export async function finishErasures(ctx: Context): Promise<void> {
  await tellMediaAgain(ctx)
  await goOverAuditLogAgain(ctx)
  const { media, auth } = await ctx.erasures.countUnfinished()
  ctx.metrics.erasuresUnfinished.set({ service: 'media' }, media)
  ctx.metrics.erasuresUnfinished.set({ service: 'auth' }, auth)
}

async function tellMediaAgain(ctx: Context): Promise<void> {
  const now = ctx.now()
  const unanswered = await ctx.transact(async (work) => {
    const rows = await work.erasures.takeUnanswered(new Date(now.getTime() - RETRY_MS), now)
    for (const row of rows) await work.sayUserErased(row.user_id)
    return rows
  })
  for (const { user_id: userId, requested_at: since } of unanswered) {
    ctx.logger.warn({ userId, since }, 'an erasure is not finished: media is told again')
  }
  if (unanswered.length > 0) ctx.pokeRelay()
}

async function goOverAuditLogAgain(ctx: Context): Promise<void> {
  const now = ctx.now()
  await ctx.transact(async (work) => {
    const userIds = await work.erasures.finishAuth(new Date(now.getTime() - LAST_TRACE_MS), now)
    for (const userId of userIds) await work.audit.eraseOrigins(userId)
  })
}
