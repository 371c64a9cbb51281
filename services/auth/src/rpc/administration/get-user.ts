import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import type { Context } from '../../context.ts'
import { byAdmin } from '../by-admin.ts'
import { overviewOf } from './overview-of.ts'

export function getUser(ctx: Context): Handler<typeof auth.getUser> {
  return byAdmin<typeof auth.getUser>(ctx, async ({ userId }) => await overviewOf(ctx, userId))
}
