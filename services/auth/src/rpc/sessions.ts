import type { Call, Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../../context.ts'
import { isGenuine, parseRefreshToken } from '../../domain/refresh-token.ts'
import { signOut } from '../../sessions/sign-out.ts'
import { transportOf } from '../../sessions/transport-of.ts'

export function logout(ctx: Context): Handler<typeof auth.logout> {
  return async ({ refreshToken }, call) => {
    const target = refreshToken === undefined ? callersSession(call) : await sessionOf(ctx, refreshToken, call)
    await signOut(ctx, call, 'logout', { ...target, reason: 'logout' })
    return { sessionId: target.sessionId }
  }
}

function callersSession({ actor }: Call): { userId: string; sessionId: string } {
  if (actor.kind !== 'user' || actor.sessionId === undefined) throw new AppError('UNAUTHENTICATED')
  return { userId: actor.userId, sessionId: actor.sessionId }
}

/** Any genuine token of a session is good enough to end it, also one that another tab has exchanged meanwhile. */
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
