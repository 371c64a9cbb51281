import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import type { Context } from '../../context.ts'
import { giveRecoveryCodes } from '../../second-factor/give-recovery-codes.ts'
import { withPasswordAndCode } from '../../second-factor/with-password-and-code.ts'
import { signedIn } from '../signed-in.ts'

export function renewRecoveryCodes(ctx: Context): Handler<typeof auth.renewRecoveryCodes> {
  return signedIn<typeof auth.renewRecoveryCodes>(async (proof, { userId }, call) => {
    const subject = { userId, action: 'recovery_codes_renew' } as const
    const recoveryCodes = await withPasswordAndCode(ctx, subject, proof, call, (work) =>
      giveRecoveryCodes(work, userId),
    )
    return { recoveryCodes }
  })
}
