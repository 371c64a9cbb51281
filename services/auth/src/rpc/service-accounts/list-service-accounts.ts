import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import type { Context } from '../../context.ts'
import { toUser } from '../../domain/to-user.ts'
import { byAdmin } from '../by-admin.ts'
import { pageByCreation, placeAfter } from '../creation-order.ts'

export function listServiceAccounts(ctx: Context): Handler<typeof auth.listServiceAccounts> {
  return byAdmin<typeof auth.listServiceAccounts>(ctx, async ({ limit, cursor }) => {
    const rows = await ctx.users.serviceAccounts({ limit: limit + 1, after: placeAfter(cursor) })
    return pageByCreation(rows, limit, toUser)
  })
}
