import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import type { Context } from '../../context.ts'
import { toUser } from '../../domain/to-user.ts'
import { noSuchUser, signedInOrByKey } from '../signed-in.ts'

export function getMe({ users }: Context): Handler<typeof auth.getMe> {
  return signedInOrByKey<typeof auth.getMe>(async (_input, { userId }) =>
    toUser((await users.byId(userId)) ?? noSuchUser()),
  )
}
