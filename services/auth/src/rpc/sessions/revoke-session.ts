import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../../context.ts'
import { signOut } from '../../sessions/sign-out.ts'
import { signedIn } from '../signed-in.ts'

export function revokeSession(ctx: Context): Handler<typeof auth.revokeSession> {
  return signedIn<typeof auth.revokeSession>(async ({ sessionId }, { userId }, call) => {
    // One that has ended already is fine: the call may be a repeated one.
    if (!(await ctx.sessions.belongsTo(sessionId, userId))) throw new AppError('SESSION_NOT_FOUND')
    await signOut(ctx, call, 'session_revoke', { userId, sessionId, reason: 'session_revoked' })
    return { sessionId }
  })
}
