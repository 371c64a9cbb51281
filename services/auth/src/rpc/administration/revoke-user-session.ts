import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../../context.ts'
import { signOut } from '../../sessions/sign-out.ts'
import { byAdmin } from '../by-admin.ts'

export function revokeUserSession(ctx: Context): Handler<typeof auth.revokeUserSession> {
  return byAdmin<typeof auth.revokeUserSession>(ctx, async ({ userId, sessionId }, call) => {
    // One that has ended already is fine: the call may be a repeated one.
    if (!(await ctx.sessions.belongsTo(sessionId, userId))) throw new AppError('SESSION_NOT_FOUND')
    await signOut(ctx, call, 'user_sessions_revoke', { userId, sessionId, reason: 'revoked_by_admin' })
    return {}
  })
}
