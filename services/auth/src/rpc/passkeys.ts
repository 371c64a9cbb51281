import { randomUUID } from 'node:crypto'
import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import type { PasskeyRow } from '../db/schema.ts'
import { oneTimeTokenHash, webAuthnChallenge } from '../domain/challenges.ts'
import { toPasskey } from '../domain/views.ts'
import { registrationOptions, verifyRegistration } from '../infra/webauthn.ts'
import { openPasskeyChallenge } from '../operations/passkeys.ts'
import { confirmPassword, reauthenticate } from '../operations/passwords.ts'
import { assertSessionLive } from '../operations/sessions.ts'
import type { Work } from '../operations/transact.ts'
import { noSuchUser, signedIn } from './guards.ts'

/** More than anyone's devices; a list of this length needs no pages. */
const MAX_PASSKEYS = 20

export function beginPasskey(ctx: Context): Handler<typeof auth.beginPasskey> {
  return signedIn<typeof auth.beginPasskey>(async ({ password }, actor, call) => {
    await reauthenticate(ctx, actor, password, 'passkey_add', call)
    const user = (await ctx.users.byId(actor.userId)) ?? noSuchUser()
    const present = await ctx.passkeys.ofUser(user.id)
    if (present.length >= MAX_PASSKEYS) throw new AppError('PASSKEY_LIMIT_REACHED')
    const challengeToken = await openPasskeyChallenge(ctx, user.id)
    const options = await registrationOptions(ctx.relyingParty, user, webAuthnChallenge(challengeToken), present)
    return { challengeToken, options: { ...options } }
  })
}

export function addPasskey(ctx: Context): Handler<typeof auth.addPasskey> {
  return signedIn<typeof auth.addPasskey>(async ({ challengeToken, response, name }, { userId, sessionId }, call) => {
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
    await ctx.transact(call, async (work) => {
      await insert(work, passkey, sessionId)
      await work.queueMail('passkey_added', userId, call, now)
      await work.audit.record(call, { action: 'passkey_add', userId }, now)
    })
    return toPasskey(passkey)
  })
}

async function insert(work: Work, passkey: PasskeyRow, sessionId: string): Promise<void> {
  // The lock keeps two concurrent calls from exceeding the limit.
  if (!(await work.users.lock(passkey.user_id))) noSuchUser()
  await assertSessionLive(work, sessionId)
  const present = await work.passkeys.ofUser(passkey.user_id)
  if (present.length >= MAX_PASSKEYS) throw new AppError('PASSKEY_LIMIT_REACHED')
  if (!(await work.passkeys.insert(passkey))) throw new AppError('PASSKEY_UNACCEPTABLE')
}

export function listPasskeys({ passkeys }: Context): Handler<typeof auth.listPasskeys> {
  return signedIn<typeof auth.listPasskeys>(async (_input, { userId }) => {
    return { items: (await passkeys.ofUser(userId)).map(toPasskey), nextCursor: null }
  })
}

export function deletePasskey(ctx: Context): Handler<typeof auth.deletePasskey> {
  return signedIn<typeof auth.deletePasskey>(async ({ passkeyId, password }, { userId }, call) => {
    await confirmPassword(ctx, userId, password, 'passkey_remove', call)
    await ctx.transact(call, async (work) => {
      if (!(await work.passkeys.delete(passkeyId, userId))) throw new AppError('PASSKEY_NOT_FOUND')
      await work.audit.record(call, { action: 'passkey_remove', userId }, ctx.now())
    })
    return {}
  })
}
