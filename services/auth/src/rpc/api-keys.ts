import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import type { Context } from '../context.ts'
import { toApiKey } from '../domain/views.ts'
import { issueApiKey, revokeApiKey as revoke } from '../operations/api-keys.ts'
import { reauthenticate } from '../operations/passwords.ts'
import { pageOf, pageRequest } from '../repositories/pages.ts'
import { signedIn } from './guards.ts'

export function createApiKey(ctx: Context): Handler<typeof auth.createApiKey> {
  return signedIn<typeof auth.createApiKey>(async ({ password, ...fields }, actor, call) => {
    await reauthenticate(ctx, actor, password, 'api_key_create', call)
    return await issueApiKey(ctx, call, actor.userId, fields)
  })
}

export function listApiKeys({ apiKeys }: Context): Handler<typeof auth.listApiKeys> {
  return signedIn<typeof auth.listApiKeys>(async ({ limit, cursor }, { userId }) => {
    const rows = await apiKeys.notRevoked(userId, pageRequest(limit, cursor))
    return pageOf(rows, limit, toApiKey)
  })
}

export function revokeApiKey(ctx: Context): Handler<typeof auth.revokeApiKey> {
  return signedIn<typeof auth.revokeApiKey>(async ({ keyId }, { userId }, call) => {
    await revoke(ctx, call, userId, keyId)
    return {}
  })
}
