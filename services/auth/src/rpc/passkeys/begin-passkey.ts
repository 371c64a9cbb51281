import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../../context.ts'
import { webAuthnChallenge } from '../../domain/webauthn-challenge.ts'
import { openPasskeyChallenge } from '../../passkeys/open-passkey-challenge.ts'
import { registrationOptions } from '../../passkeys/registration.ts'
import { reauthenticate } from '../../sessions/reauthenticate.ts'
import { noSuchUser, signedIn } from '../signed-in.ts'
import { MAX_PASSKEYS } from './add-passkey.ts'

export function beginPasskey(ctx: Context): Handler<typeof auth.beginPasskey> {
  return signedIn<typeof auth.beginPasskey>(async ({ password }, actor, call) => {
    await reauthenticate(ctx, actor, password, 'passkey_add', call)
    const user = (await ctx.users.byId(actor.userId)) ?? noSuchUser()
    const present = await ctx.passkeys.ofUser(user.id)
    if (present.length >= MAX_PASSKEYS) throw new AppError('PASSKEY_LIMIT_REACHED')
    const challengeToken = await openPasskeyChallenge(ctx, ctx, user.id)
    const options = await registrationOptions(ctx.relyingParty, user, webAuthnChallenge(challengeToken), present)
    return { challengeToken, options: { ...options } }
  })
}
