import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../../context.ts'
import { newTotpSecret, qrSvgOf, totpUrl } from '../../domain/totp.ts'
import { sealTotpSecret } from '../../second-factor/totp-secret.ts'
import { reauthenticate } from '../../sessions/reauthenticate.ts'
import { noSuchUser, signedIn } from '../signed-in.ts'

/** Long enough to install an app. */
const SETUP_MS = 15 * 60 * 1000

export function setUpTotp(ctx: Context): Handler<typeof auth.setUpTotp> {
  return signedIn<typeof auth.setUpTotp>(async ({ password }, actor, call) => {
    const { userId } = actor
    await reauthenticate(ctx, actor, password, 'totp_setup', call)
    const now = ctx.now()
    const secret = newTotpSecret()
    const email = await ctx.transact(async (work) => {
      // Not while another request proves the set-up that this one replaces.
      const user = (await work.users.lock(userId)) ?? noSuchUser()
      const encryptedSecret = sealTotpSecret(ctx.cipher, userId, secret)
      const expiresAt = new Date(now.getTime() + SETUP_MS)
      if (!(await work.totpFactors.setUp({ userId, encryptedSecret, expiresAt }))) {
        throw new AppError('MFA_ALREADY_ENABLED')
      }
      await work.audit.record(call, { action: 'totp_setup', userId }, now)
      return user.email
    })
    const otpauthUrl = totpUrl(secret, ctx.productName, email)
    return { secret, otpauthUrl, qrSvg: qrSvgOf(otpauthUrl) }
  })
}
