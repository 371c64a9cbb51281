import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../../context.ts'
import { toSession } from '../../domain/to-session.ts'
import { byAdmin } from '../by-admin.ts'
import { pageByCreation, placeAfter } from '../creation-order.ts'

export function listUserSessions(ctx: Context): Handler<typeof auth.listUserSessions> {
  return byAdmin<typeof auth.listUserSessions>(ctx, async ({ userId, limit, cursor }, { actor }) => {
    if (!(await ctx.users.byId(userId))) throw new AppError('USER_NOT_FOUND')
    const rows = await ctx.sessions.live(userId, ctx.now(), { limit: limit + 1, after: placeAfter(cursor) })
    const currentId = actor.kind === 'user' ? actor.sessionId : undefined
    return pageByCreation(rows, limit, (row) => toSession(row, currentId))
  })
}
