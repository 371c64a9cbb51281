import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import type { Context } from '../../context.ts'
import { toPasskey } from '../../domain/to-passkey.ts'
import { signedIn } from '../signed-in.ts'

export function listPasskeys({ passkeys }: Context): Handler<typeof auth.listPasskeys> {
  return signedIn<typeof auth.listPasskeys>(async (_input, { userId }) => {
    return { items: (await passkeys.ofUser(userId)).map(toPasskey), nextCursor: null }
  })
}
