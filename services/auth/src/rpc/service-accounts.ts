import { randomUUID } from 'node:crypto'
import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../../context.ts'
import { newUser } from '../../domain/new-user.ts'
import { toUser } from '../../domain/to-user.ts'
import { byAdmin } from '../by-admin.ts'

export function createServiceAccount(ctx: Context): Handler<typeof auth.createServiceAccount> {
  return byAdmin<typeof auth.createServiceAccount>(ctx, async ({ displayName }, call) => {
    const now = ctx.now()
    // RFC 2606 section 2: mail to such an address goes nowhere, whoever tries.
    const user = newUser(`${randomUUID()}@service.invalid`, null, displayName, now)
    await ctx.transact(async (work) => {
      if (!(await work.users.insert(user))) throw new AppError('INTERNAL')
      await work.audit.record(call, { action: 'service_account_create', userId: user.id }, now)
    })
    return toUser(user)
  })
}
