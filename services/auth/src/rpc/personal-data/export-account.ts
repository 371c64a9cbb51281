import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import type { Context } from '../../context.ts'
import { toUser } from '../../domain/to-user.ts'
import { noSuchUser, signedIn } from '../signed-in.ts'

/** Who takes everything away at once should be seen to have done so. */
export function exportAccount(ctx: Context): Handler<typeof auth.exportAccount> {
  return signedIn<typeof auth.exportAccount>(async (_input, { userId, sessionId }, call) => {
    const user = (await ctx.users.byId(userId)) ?? noSuchUser()
    await ctx.audit.record(call, { action: 'data_export', userId, sessionId }, ctx.now())
    return toUser(user)
  })
}
