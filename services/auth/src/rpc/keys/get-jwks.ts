import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import type { Context } from '../../context.ts'

export function getJwks({ keys }: Context): Handler<typeof auth.getJwks> {
  return async () => keys.document
}
