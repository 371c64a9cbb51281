import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import { makeApiKey } from '../../api-keys/make-api-key.ts'
import type { Context } from '../../context.ts'
import { signedIn } from '../signed-in.ts'

export function createApiKey(ctx: Context): Handler<typeof auth.createApiKey> {
  return signedIn<typeof auth.createApiKey>(
    async (fields, { userId }, call) => await makeApiKey(ctx, call, userId, fields),
  )
}
