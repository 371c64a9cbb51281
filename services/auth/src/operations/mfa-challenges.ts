import type { Call } from '@kinora/common/contract'
import type { MfaMethod, MfaRequired } from '@kinora/common/contracts'
import type { Context } from '../context.ts'
import type { UserRow } from '../db/schema.ts'
import { passwordFingerprint } from '../domain/judge-challenge.ts'
import { newOneTimeToken } from '../domain/one-time-token.ts'
import type { Work } from '../repositories/index.ts'

/** Long enough to find the phone. */
const LIFETIME_SECONDS = 300

/**
 * Remembers that the password was right, and asks for the second factor. `user` is locked and has the password hash that was
 * checked: a later password does not honour this challenge.
 */
export async function openChallenge(ctx: Context, work: Work, user: UserRow, call: Call): Promise<MfaRequired> {
  const now = ctx.now()
  const { token, hash } = newOneTimeToken()
  await work.mfaChallenges.insert({
    token_hash: hash,
    user_id: user.id,
    password_fingerprint: passwordFingerprint(user),
    expires_at: new Date(now.getTime() + LIFETIME_SECONDS * 1000),
  })
  await work.audit.record(call, { action: 'mfa_challenge', userId: user.id }, now)
  return { mfaRequired: true, mfaToken: token, methods: await methodsOf(work, user.id), expiresIn: LIFETIME_SECONDS }
}

async function methodsOf(work: Work, userId: string): Promise<MfaMethod[]> {
  const methods: MfaMethod[] = ['totp']
  if (await work.recoveryCodes.hasUnused(userId)) methods.push('recovery_code')
  if ((await work.passkeys.ofUser(userId)).length > 0) methods.push('passkey')
  return methods
}
