import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import { revokeApiKey as revoke } from '../../api-keys/revoke-api-key.ts'
import type { Context } from '../../context.ts'
import { signedIn } from '../signed-in.ts'

export function revokeApiKey(ctx: Context): Handler<typeof auth.revokeApiKey> {
  return signedIn<typeof auth.revokeApiKey>(async ({ keyId }, { userId }, call) => {
    await revoke(ctx, call, userId, keyId)
    return {}
  })
}
