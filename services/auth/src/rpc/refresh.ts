import type { Call, Handler } from '@kinora/common/contract'
import type { auth, SignedIn } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import type { SessionRow, UserRow } from '../db/schema.ts'
import { originOf } from '../domain/audit.ts'
import { evaluateRefresh, isGenuine, parseRefreshToken, type RefreshToken } from '../domain/refresh-token.ts'
import { transportOf } from '../domain/sign-in.ts'
import { endSessions, signedInAnswer } from '../operations/sessions.ts'
import type { Work } from '../operations/transact.ts'

/** A refusal is returned, not thrown, because its rows must be committed. */
type Outcome = { answer: SignedIn } | { refusal: AppError }

export function refresh(ctx: Context): Handler<typeof auth.refresh> {
  return async ({ refreshToken }, call) => {
    const token = parseRefreshToken(refreshToken)
    // Also behind its deadline: a reused token must end the session, and a client may send a token again after a lost answer.
    const outcome = await ctx.transact(null, (work) => exchange(ctx, work, token, call))
    if ('answer' in outcome) return outcome.answer
    throw outcome.refusal
  }
}

async function exchange(ctx: Context, work: Work, token: RefreshToken | null, call: Call): Promise<Outcome> {
  const session = token ? await work.sessions.lock(token.sessionId) : undefined
  const user = session && (await work.users.byId(session.user_id))
  // A forged token must not affect the session that it names, nor write to its owner's log.
  if (!token || !session || !user || !isGenuine(ctx.refreshTokens.secret, session, token)) {
    await work.audit.record(call, { action: 'refresh', userId: null, failure: 'REFRESH_INVALID' }, ctx.now())
    return { refusal: new AppError('REFRESH_INVALID') }
  }
  const verdict = evaluateRefresh(session, { counter: token.counter, transport: transportOf(call) }, user, ctx.now())
  if (verdict === 'rotate') return await renew(ctx, work, session, user, session.refresh_counter + 1, call)
  if (verdict === 'repeat') return await renew(ctx, work, session, user, session.refresh_counter, call)
  return await refuse(ctx, work, session, verdict, call)
}

async function renew(
  ctx: Context,
  work: Work,
  session: SessionRow,
  user: UserRow,
  counter: number,
  call: Call,
): Promise<Outcome> {
  const now = ctx.now()
  const access = ctx.issueAccessToken(session, user, now)
  const use = {
    refresh_counter: counter,
    last_used_at: now,
    access_expires_at: new Date(Math.max(session.access_expires_at.getTime(), access.expiresAt.getTime())),
    ...originOf(call),
  }
  await work.sessions.recordUse(session.id, use)
  await work.audit.record(call, { action: 'refresh', userId: user.id, sessionId: session.id }, now)
  return { answer: signedInAnswer(ctx, user, { ...session, ...use }, access, now) }
}

async function refuse(ctx: Context, work: Work, session: SessionRow, refusal: AppError, call: Call): Promise<Outcome> {
  const now = ctx.now()
  const userId = session.user_id
  const isNewReuse = refusal.code === 'REFRESH_REUSED' && session.ended_at === null
  const action = isNewReuse ? 'refresh_reuse' : 'refresh'
  await work.audit.record(call, { action, userId, sessionId: session.id, failure: refusal.code }, now)
  if (!isNewReuse) return { refusal }

  await endSessions(work, { userId, sessionId: session.id, reason: 'refresh_reused' }, now)
  ctx.metrics.refreshReuse.inc()
  ctx.logger.warn(
    { userId, sessionId: session.id, requestId: call.requestId, ip: call.client?.ip },
    'refresh token reused',
  )
  return { refusal }
}
