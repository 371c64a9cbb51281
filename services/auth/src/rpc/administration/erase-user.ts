import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../../context.ts'
import { eraseAccount } from '../../erasure/erase-account.ts'
import { byAdmin } from '../by-admin.ts'

export function eraseUser(ctx: Context): Handler<typeof auth.eraseUser> {
  return byAdmin<typeof auth.eraseUser>(ctx, async ({ userId }, call) => {
    // Their own account asks for their password: see `erase-me.ts`.
    if (call.actor.kind === 'user' && call.actor.userId === userId) throw new AppError('OWN_ACCOUNT')
    if (!(await eraseAccount(ctx, userId, call))) throw new AppError('USER_NOT_FOUND')
    return {}
  })
}
