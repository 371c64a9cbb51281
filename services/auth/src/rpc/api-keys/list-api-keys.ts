import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import type { Context } from '../../context.ts'
import { toApiKey } from '../../domain/to-api-key.ts'
import { pageByCreation, placeAfter } from '../creation-order.ts'
import { signedIn } from '../signed-in.ts'

export function listApiKeys({ apiKeys }: Context): Handler<typeof auth.listApiKeys> {
  return signedIn<typeof auth.listApiKeys>(async ({ limit, cursor }, { userId }) => {
    const rows = await apiKeys.notRevoked(userId, { limit: limit + 1, after: placeAfter(cursor) })
    return pageByCreation(rows, limit, toApiKey)
  })
}
