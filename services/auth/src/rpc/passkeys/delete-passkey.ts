import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../../context.ts'
import { confirmPassword } from '../../passwords/confirm-password.ts'
import { signedIn } from '../signed-in.ts'

export function deletePasskey(ctx: Context): Handler<typeof auth.deletePasskey> {
  return signedIn<typeof auth.deletePasskey>(async ({ passkeyId, password }, { userId }, call) => {
    await confirmPassword(ctx, userId, password, 'passkey_remove', call)
    await ctx.transact(async (work) => {
      if (!(await work.passkeys.delete(passkeyId, userId))) throw new AppError('PASSKEY_NOT_FOUND')
      await work.audit.record(call, { action: 'passkey_remove', userId }, ctx.now())
    })
    return {}
  })
}
