import type { Call, Handler } from '@kinora/common/contract'
import { type auth, type MfaRequired, normaliseEmail, type SignedIn } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import type { UserRow } from '../db/schema.ts'
import { deviceOf } from '../domain/device-token.ts'
import { type SignInRefusal, signInRefusal } from '../domain/sign-in.ts'
import { openMfaChallenge } from '../operations/mfa-challenges.ts'
import { openSession } from '../operations/sessions.ts'
import { byGateway } from './guards.ts'

type Refusal = 'INVALID_CREDENTIALS' | SignInRefusal
type Outcome = { answer: SignedIn | MfaRequired } | { refusal: Refusal } | 'password replaced meanwhile'

export function login(ctx: Context): Handler<typeof auth.login> {
  return async ({ email, password }, call) => {
    for (;;) {
      const user = await ctx.users.byEmail(normaliseEmail(email))
      // An unknown address runs the same statements: one look-up, one hash, one audit row.
      const stored = user?.password_hash ?? null
      const matches = await ctx.passwords.verify(password, stored, call.signal)
      if (!user || stored === null || !matches) return await refuse(ctx, call, user, 'INVALID_CREDENTIALS')

      const verified = { ...user, password_hash: await renewedHash(ctx, user.id, stored, password, call) }
      const outcome = await signIn(ctx, verified, call)
      if (outcome === 'password replaced meanwhile') continue
      return 'answer' in outcome ? outcome.answer : await refuse(ctx, call, user, outcome.refusal)
    }
  }
}

/**
 * Reads the account again under its lock, because hashing took time: a sign-in comes either before a change of the password, a
 * disabling or an end of all sessions, which then ends it, or after.
 */
async function signIn(ctx: Context, verified: UserRow, call: Call): Promise<Outcome> {
  return await ctx.transact(call, async (work) => {
    const user = await work.users.lockForSignIn(verified.id)
    if (!user) return { refusal: 'INVALID_CREDENTIALS' }
    if (user.password_hash !== verified.password_hash) return 'password replaced meanwhile'
    const refusal = signInRefusal(user, ctx.mail.verification)
    if (refusal) return { refusal }
    if (user.mfa_enabled_at) return { answer: await openMfaChallenge(ctx, work, user, call) }
    return { answer: await openSession(ctx, work, 'login', user, call) }
  })
}

async function refuse(ctx: Context, call: Call, user: UserRow | undefined, failure: Refusal): Promise<never> {
  await ctx.audit.record(call, { action: 'login', userId: user?.id ?? null, failure }, ctx.now())
  throw new AppError(failure)
}

/**
 * A new hash at the configured cost, if the stored one has another cost: only now is the password known. When the queue is
 * full, the sign-in succeeds without it, and the next one tries again.
 */
async function renewedHash(
  ctx: Context,
  userId: string,
  stored: string,
  password: string,
  call: Call,
): Promise<string> {
  if (!ctx.passwords.isOutdated(stored)) return stored
  try {
    const hash = await ctx.passwords.hash(password, call.signal)
    await ctx.users.replaceHash(userId, stored, hash)
    return hash
  } catch (error) {
    ctx.logger.warn({ err: error, userId }, 'could not renew a password hash')
    return stored
  }
}

/** Called before a sign-in is counted, so it checks no password. */
export function resolveDevice({ users, deviceKey, now }: Context): Handler<typeof auth.resolveDevice> {
  return byGateway<typeof auth.resolveDevice>(async ({ email, deviceToken }) => {
    const user = await users.byEmail(normaliseEmail(email))
    return { deviceId: user ? deviceOf(deviceKey, deviceToken, user, now()) : null }
  })
}
