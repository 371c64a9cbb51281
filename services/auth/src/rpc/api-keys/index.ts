import type { Context } from '../../context.ts'
import { createApiKey } from './create-api-key.ts'
import { listApiKeys } from './list-api-keys.ts'
import { resolveApiKey } from './resolve-api-key.ts'
import { revokeApiKey } from './revoke-api-key.ts'

export const apiKeys = (ctx: Context) => ({
  listApiKeys: listApiKeys(ctx),
  createApiKey: createApiKey(ctx),
  revokeApiKey: revokeApiKey(ctx),
  resolveApiKey: resolveApiKey(ctx),
})
