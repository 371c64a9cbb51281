import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import type { Context } from '../../context.ts'
import { webAuthnChallenge } from '../../domain/webauthn-challenge.ts'
import { assertionOptions } from '../../passkeys/assertion.ts'
import { openPasskeyChallenge } from '../../passkeys/open-passkey-challenge.ts'

export function beginPasskeyLogin(ctx: Context): Handler<typeof auth.beginPasskeyLogin> {
  return async () => {
    const challengeToken = await openPasskeyChallenge(ctx, ctx, null)
    const options = await assertionOptions(ctx.relyingParty, webAuthnChallenge(challengeToken), 'required')
    return { challengeToken, options: { ...options } }
  }
}
