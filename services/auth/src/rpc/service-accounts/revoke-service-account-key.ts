import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import { revokeApiKey } from '../../api-keys/revoke-api-key.ts'
import type { Context } from '../../context.ts'
import { forServiceAccount } from './for-service-account.ts'

export function revokeServiceAccountKey(ctx: Context): Handler<typeof auth.revokeServiceAccountKey> {
  return forServiceAccount<typeof auth.revokeServiceAccountKey>(ctx, async ({ userId, keyId }, call) => {
    await revokeApiKey(ctx, call, userId, keyId)
    return {}
  })
}
