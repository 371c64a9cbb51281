import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../../context.ts'
import { signOut } from '../../sessions/sign-out.ts'
import { byAdmin } from '../by-admin.ts'

export function revokeUserSessions(ctx: Context): Handler<typeof auth.revokeUserSessions> {
  return byAdmin<typeof auth.revokeUserSessions>(ctx, async ({ userId }, call) => {
    if (!(await ctx.users.byId(userId))) throw new AppError('USER_NOT_FOUND')
    await signOut(ctx, call, 'user_sessions_revoke', { userId, reason: 'revoked_by_admin' })
    return {}
  })
}
