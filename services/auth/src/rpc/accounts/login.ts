import type { Call, Handler } from '@kinora/common/contract'
import { type auth, normaliseEmail, type SignedIn } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../../context.ts'
import type { UserRow } from '../../db/schema.ts'
import { openSession } from '../../sessions/open-session.ts'

type Refusal = 'INVALID_CREDENTIALS' | 'ACCOUNT_DISABLED'

export function login(ctx: Context): Handler<typeof auth.login> {
  return async ({ email, password }, call) => {
    const user = await ctx.users.byEmail(normaliseEmail(email))
    // An unknown address takes the same way, statement by statement: one look-up, one hash, one audit row.
    const matches = await ctx.passwords.verify(password, user?.password_hash ?? null, call.signal)
    if (!user || !matches) return await refuse(ctx, call, user, 'INVALID_CREDENTIALS')

    const answer = await signIn(ctx, user.id, call)
    if (!answer) return await refuse(ctx, call, user, 'ACCOUNT_DISABLED')
    await rehash(ctx, user, password, call)
    return answer
  }
}

/**
 * Looks again at the account under its lock, because the hash took a while: a sign-in stands either wholly before
 * whatever disables the account or ends its sessions, and is then ended by it, or wholly after.
 */
async function signIn(ctx: Context, userId: string, call: Call): Promise<SignedIn | null> {
  return await ctx.transact(async (work) => {
    const user = await work.users.lockForSignIn(userId)
    if (!user || user.disabled_at) return null
    return await openSession(ctx, work, 'login', user, call)
  })
}

async function refuse(ctx: Context, call: Call, user: UserRow | undefined, failure: Refusal): Promise<never> {
  await ctx.audit.record(call, { action: 'login', userId: user?.id ?? null, failure }, ctx.now())
  throw new AppError(failure)
}

/** The only moment at which the password is known. A full queue does not spoil the sign-in; there will be a next one. */
async function rehash(ctx: Context, user: UserRow, password: string, call: Call): Promise<void> {
  if (!ctx.passwords.isOutdated(user.password_hash)) return
  try {
    const hash = await ctx.passwords.hash(password, call.signal)
    await ctx.users.replaceHash(user.id, user.password_hash, hash)
  } catch (error) {
    ctx.logger.warn({ err: error, userId: user.id }, 'could not renew a password hash')
  }
}
