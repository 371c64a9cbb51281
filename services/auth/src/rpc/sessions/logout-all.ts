import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import type { Context } from '../../context.ts'
import { signOut } from '../../sessions/sign-out.ts'
import { signedIn } from '../signed-in.ts'

export function logoutAll(ctx: Context): Handler<typeof auth.logoutAll> {
  return signedIn<typeof auth.logoutAll>(async (_input, { userId, sessionId }, call) => {
    await signOut(ctx, call, 'logout_all', { userId, reason: 'logout_all' })
    return { sessionId }
  })
}
