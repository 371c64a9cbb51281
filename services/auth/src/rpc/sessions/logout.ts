import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import type { Context } from '../../context.ts'
import { signOut } from '../../sessions/sign-out.ts'
import { signedIn } from '../signed-in.ts'

export function logout(ctx: Context): Handler<typeof auth.logout> {
  return signedIn<typeof auth.logout>(async (_input, { userId, sessionId }, call) => {
    await signOut(ctx, call, 'logout', { userId, sessionId, reason: 'logout' })
    return {}
  })
}
