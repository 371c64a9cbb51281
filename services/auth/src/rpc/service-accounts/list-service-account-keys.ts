import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import type { Context } from '../../context.ts'
import { toApiKey } from '../../domain/to-api-key.ts'
import { pageByCreation, placeAfter } from '../creation-order.ts'
import { forServiceAccount } from './for-service-account.ts'

export function listServiceAccountKeys(ctx: Context): Handler<typeof auth.listServiceAccountKeys> {
  return forServiceAccount<typeof auth.listServiceAccountKeys>(ctx, async ({ userId, limit, cursor }) => {
    const rows = await ctx.apiKeys.notRevoked(userId, { limit: limit + 1, after: placeAfter(cursor) })
    return pageByCreation(rows, limit, toApiKey)
  })
}
