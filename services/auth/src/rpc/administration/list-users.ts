import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import type { Context } from '../../context.ts'
import { toAdminUser } from '../../domain/to-admin-user.ts'
import { byAdmin } from '../by-admin.ts'
import { pageByCreation, placeAfter } from '../creation-order.ts'

export function listUsers(ctx: Context): Handler<typeof auth.listUsers> {
  return byAdmin<typeof auth.listUsers>(ctx, async ({ limit, cursor, q, role, disabled }) => {
    const filter = { q, role, disabled: disabled === undefined ? undefined : disabled === 'true' }
    const rows = await ctx.userOverviews.find(filter, { limit: limit + 1, after: placeAfter(cursor) }, ctx.now())
    return pageByCreation(rows, limit, toAdminUser)
  })
}
