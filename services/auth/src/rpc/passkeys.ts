import { randomUUID } from 'node:crypto'
import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../../context.ts'
import type { PasskeyRow } from '../../db/schema.ts'
import { oneTimeTokenHash } from '../../domain/one-time-token.ts'
import { toPasskey } from '../../domain/to-passkey.ts'
import { webAuthnChallenge } from '../../domain/webauthn-challenge.ts'
import { verifyRegistration } from '../../passkeys/registration.ts'
import type { Work } from '../../repositories/index.ts'
import { noSuchUser, signedIn } from '../signed-in.ts'

/** More devices than anybody has; a list this long needs no pages. */
export const MAX_PASSKEYS = 20

export function addPasskey(ctx: Context): Handler<typeof auth.addPasskey> {
  return signedIn<typeof auth.addPasskey>(async ({ challengeToken, response, name }, { userId }, call) => {
    const now = ctx.now()
    if (!(await ctx.passkeyChallenges.take(oneTimeTokenHash(challengeToken), userId, now))) {
      throw new AppError('PASSKEY_CHALLENGE_INVALID')
    }
    const credential = await verifyRegistration(ctx.relyingParty, response, webAuthnChallenge(challengeToken))
    if (!credential) throw new AppError('PASSKEY_UNACCEPTABLE')
    const passkey: PasskeyRow = {
      id: randomUUID(),
      user_id: userId,
      ...credential,
      name,
      created_at: now,
      last_used_at: null,
    }
    await ctx.transact(async (work) => {
      await insert(work, passkey)
      await work.audit.record(call, { action: 'passkey_add', userId }, now)
    })
    return toPasskey(passkey)
  })
}

async function insert(work: Work, passkey: PasskeyRow): Promise<void> {
  // Two at once must not both be the last one.
  if (!(await work.users.lock(passkey.user_id))) noSuchUser()
  const present = await work.passkeys.ofUser(passkey.user_id)
  if (present.length >= MAX_PASSKEYS) throw new AppError('PASSKEY_LIMIT_REACHED')
  if (!(await work.passkeys.insert(passkey))) throw new AppError('PASSKEY_UNACCEPTABLE')
}
