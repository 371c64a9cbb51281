import { MAX_ACCESS_TOKEN_SECONDS } from '../config.ts'
import type { Context } from '../context.ts'

/** The event to media is repeated at this interval until media answers, because it is lost if media has never run. */
const RESEND_MS = 60_000
/** Media finishes half an hour after the last worker could write, so a longer erasure is worth a warning. */
const TROUBLE_MS = 3600 * 1000
/** After this no access token of the account is valid, so no request can add rows to the audit log. */
const LAST_TRACE_MS = MAX_ACCESS_TOKEN_SECONDS * 1000 + 60_000

/** Repeats and finishes erasures until every service has answered, and sets the metric of unfinished ones. */
export async function finishErasures(ctx: Context): Promise<void> {
  await resendErasures(ctx)
  await eraseLateOrigins(ctx)
  const { media, auth } = await ctx.erasures.countUnfinished()
  ctx.metrics.erasuresUnfinished.set({ service: 'media' }, media)
  ctx.metrics.erasuresUnfinished.set({ service: 'auth' }, auth)
}

async function resendErasures(ctx: Context): Promise<void> {
  const now = ctx.now()
  const unanswered = await ctx.transact(null, async (work) => {
    const rows = await work.erasures.takeUnanswered(new Date(now.getTime() - RESEND_MS), now)
    for (const { kind, user_id: id } of rows) {
      await (kind === 'project' ? work.addProjectErased(id) : work.addUserErased(id))
    }
    return rows
  })
  for (const { user_id: userId, requested_at: since } of unanswered) {
    if (now.getTime() - since.getTime() < TROUBLE_MS) continue
    ctx.logger.warn({ userId, since }, 'an erasure is not finished: the event to media is repeated')
  }
}

async function eraseLateOrigins(ctx: Context): Promise<void> {
  const now = ctx.now()
  await ctx.transact(null, async (work) => {
    const userIds = await work.erasures.finishAuth(new Date(now.getTime() - LAST_TRACE_MS), now)
    for (const userId of userIds) await work.audit.eraseOrigins(userId)
  })
}
