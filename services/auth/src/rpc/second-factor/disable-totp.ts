import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import type { Context } from '../../context.ts'
import { withPasswordAndCode } from '../../second-factor/with-password-and-code.ts'
import { signedIn } from '../signed-in.ts'

export function disableTotp(ctx: Context): Handler<typeof auth.disableTotp> {
  return signedIn<typeof auth.disableTotp>(async (proof, { userId }, call) => {
    await withPasswordAndCode(ctx, { userId, action: 'totp_disable' }, proof, call, async (work) => {
      await work.totpFactors.delete(userId)
      await work.recoveryCodes.delete(userId)
      await work.users.setMfaEnabled(userId, null, ctx.now())
    })
    return {}
  })
}
