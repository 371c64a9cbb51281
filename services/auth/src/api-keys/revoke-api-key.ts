import type { Call } from '@kinora/common/contract'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import { forgetApiKeys } from './forget-api-keys.ts'

/** Revokes a key of an account, audited, and tells the gateways at once. Again it changes nothing. */
export async function revokeApiKey(ctx: Context, call: Call, userId: string, keyId: string): Promise<void> {
  const now = ctx.now()
  const revoked = await ctx.transact(async (work) => {
    // The account before its keys, as everywhere: erasing it takes both.
    await work.users.lock(userId)
    if (!(await work.apiKeys.revoke(keyId, userId, now))) return false
    await work.audit.record(call, { action: 'api_key_revoke', userId, apiKeyId: keyId }, now)
    await forgetApiKeys(work, { userId, keyId, reason: 'api_key_revoked' }, now)
    return true
  })
  if (revoked) ctx.pokeRelay()
  else if (!(await ctx.apiKeys.belongsTo(keyId, userId))) throw new AppError('API_KEY_NOT_FOUND')
}
