import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../../context.ts'
import { webAuthnChallenge } from '../../domain/webauthn-challenge.ts'
import { assertionOptions } from '../../passkeys/assertion.ts'
import { findChallenge } from '../../second-factor/find-challenge.ts'

export function beginMfaPasskey(ctx: Context): Handler<typeof auth.beginMfaPasskey> {
  return async ({ mfaToken }) => {
    const passkeys = await ctx.transact(async (work) => {
      const found = await findChallenge(work, mfaToken, ctx.now())
      if ('refusal' in found) throw found.refusal
      return await work.passkeys.ofUser(found.user.id)
    })
    if (passkeys.length === 0) throw new AppError('PASSKEY_NOT_FOUND')
    const challenge = webAuthnChallenge(mfaToken)
    return { options: { ...(await assertionOptions(ctx.relyingParty, challenge, 'discouraged', passkeys)) } }
  }
}
