import type { Call, Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import { pageOf } from '@kinora/common/cursor'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import { isGenuine, parseRefreshToken } from '../domain/refresh-token.ts'
import { transportOf } from '../domain/sign-in.ts'
import { toSession } from '../domain/views.ts'
import { revokeApiKeys } from '../operations/api-keys.ts'
import { signOut } from '../operations/sessions.ts'
import { cursorAt, pageRequest } from '../repositories/pages.ts'
import { byAdmin, byGateway, signedIn } from './guards.ts'

export function listSessions({ sessions, now }: Context): Handler<typeof auth.listSessions> {
  return signedIn<typeof auth.listSessions>(async ({ limit, cursor }, { userId, sessionId }) => {
    const rows = await sessions.live(userId, now(), pageRequest(limit, cursor))
    return pageOf(rows, limit, (row) => toSession(row, sessionId), cursorAt)
  })
}

export function revokeSession(ctx: Context): Handler<typeof auth.revokeSession> {
  return signedIn<typeof auth.revokeSession>(async ({ sessionId }, { userId }, call) => {
    // A session that has already ended is accepted, because the call may be repeated.
    if (!(await ctx.sessions.belongsTo(sessionId, userId))) throw new AppError('SESSION_NOT_FOUND')
    await signOut(ctx, call, 'session_revoke', { userId, sessionId, reason: 'session_revoked' })
    return { sessionId }
  })
}

export function logout(ctx: Context): Handler<typeof auth.logout> {
  return async ({ refreshToken }, call) => {
    const target = refreshToken === undefined ? callersSession(call) : await sessionOf(ctx, refreshToken, call)
    await signOut(ctx, call, 'logout', { ...target, reason: 'logout' })
    return { sessionId: target.sessionId }
  }
}

export function logoutAll(ctx: Context): Handler<typeof auth.logoutAll> {
  return signedIn<typeof auth.logoutAll>(async (input, { userId, sessionId }, call) => {
    await signOut(ctx, call, 'logout_all', { userId, reason: 'logout_all' }, async (work, now) => {
      if (input.revokeApiKeys) await revokeApiKeys(work, { userId }, call, now)
    })
    return { sessionId }
  })
}

export function listUserSessions(ctx: Context): Handler<typeof auth.listUserSessions> {
  return byAdmin<typeof auth.listUserSessions>(ctx, async ({ userId, limit, cursor }, { actor }) => {
    if (!(await ctx.users.byId(userId))) throw new AppError('USER_NOT_FOUND')
    const rows = await ctx.sessions.live(userId, ctx.now(), pageRequest(limit, cursor))
    const currentId = actor.kind === 'user' ? actor.sessionId : undefined
    return pageOf(rows, limit, (row) => toSession(row, currentId), cursorAt)
  })
}

export function revokeUserSession(ctx: Context): Handler<typeof auth.revokeUserSession> {
  return byAdmin<typeof auth.revokeUserSession>(ctx, async ({ userId, sessionId }, call) => {
    // A session that has already ended is accepted, because the call may be repeated.
    if (!(await ctx.sessions.belongsTo(sessionId, userId))) throw new AppError('SESSION_NOT_FOUND')
    await signOut(ctx, call, 'user_sessions_revoke', { userId, sessionId, reason: 'revoked_by_admin' })
    return {}
  })
}

export function revokeUserSessions(ctx: Context): Handler<typeof auth.revokeUserSessions> {
  return byAdmin<typeof auth.revokeUserSessions>(ctx, async ({ userId, ...input }, call) => {
    if (!(await ctx.users.byId(userId))) throw new AppError('USER_NOT_FOUND')
    await signOut(ctx, call, 'user_sessions_revoke', { userId, reason: 'revoked_by_admin' }, async (work, now) => {
      if (input.revokeApiKeys) await revokeApiKeys(work, { userId }, call, now)
    })
    return {}
  })
}

export function listRevocations({ revocations, now }: Context): Handler<typeof auth.listRevocations> {
  return byGateway<typeof auth.listRevocations>(async ({ after }) => await revocations.after(after, now()))
}

function callersSession({ actor }: Call): { userId: string; sessionId: string } {
  if (actor.kind !== 'user' || actor.sessionId === undefined) throw new AppError('UNAUTHENTICATED')
  return { userId: actor.userId, sessionId: actor.sessionId }
}

/** The session of any genuine token, including one that another tab has exchanged meanwhile. Throws `REFRESH_INVALID`. */
async function sessionOf(
  ctx: Context,
  refreshToken: string,
  call: Call,
): Promise<{ userId: string; sessionId: string }> {
  const token = parseRefreshToken(refreshToken)
  const session = token && (await ctx.sessions.byId(token.sessionId))
  if (!session || !isGenuine(ctx.refreshTokens.secret, session, token)) throw new AppError('REFRESH_INVALID')
  if (session.transport !== transportOf(call)) throw new AppError('REFRESH_TRANSPORT_MISMATCH')
  return { userId: session.user_id, sessionId: session.id }
}
