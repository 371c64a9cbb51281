import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import type { Context } from '../../context.ts'
import { toUser } from '../../domain/to-user.ts'
import { noSuchUser, signedIn } from '../signed-in.ts'

export function updateMe(ctx: Context): Handler<typeof auth.updateMe> {
  return signedIn<typeof auth.updateMe>(async ({ displayName }, { userId }, call) => {
    const now = ctx.now()
    return await ctx.transact(async (work) => {
      const user = (await work.users.setDisplayName(userId, displayName, now)) ?? noSuchUser()
      await work.audit.record(call, { action: 'profile_update', userId }, now)
      return toUser(user)
    })
  })
}
