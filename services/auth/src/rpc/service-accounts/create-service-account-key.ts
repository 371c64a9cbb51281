import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import { makeApiKey } from '../../api-keys/make-api-key.ts'
import type { Context } from '../../context.ts'
import { forServiceAccount } from './for-service-account.ts'

export function createServiceAccountKey(ctx: Context): Handler<typeof auth.createServiceAccountKey> {
  return forServiceAccount<typeof auth.createServiceAccountKey>(
    ctx,
    async ({ userId, ...fields }, call) => await makeApiKey(ctx, call, userId, fields),
  )
}
