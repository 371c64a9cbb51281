import type { Call, Handler } from '@kinora/common/contract'
import { type auth, normaliseEmail, type SignedIn } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../../context.ts'
import { newUser } from '../../domain/new-user.ts'
import { unacceptablePassword } from '../../passwords/unacceptable-password.ts'
import { openSession } from '../../sessions/open-session.ts'

export function register(ctx: Context): Handler<typeof auth.register> {
  return async ({ email: typed, password, displayName = null }, call) => {
    const email = normaliseEmail(typed)
    const problem = unacceptablePassword(ctx, password, { email, display_name: displayName })
    if (problem) return await refuse(ctx, call, problem)
    // Only saves the hash; the insert decides.
    if (await ctx.users.byEmail(email)) return await refuse(ctx, call, new AppError('EMAIL_TAKEN'))

    const passwordHash = await ctx.passwords.hash(password, call.signal)
    const user = newUser(email, passwordHash, displayName, ctx.now())
    const answer = await ctx.transact(async (work): Promise<SignedIn | null> => {
      if (!(await work.users.insert(user))) return null
      return await openSession(ctx, work, 'register', user, call)
    })
    return answer ?? (await refuse(ctx, call, new AppError('EMAIL_TAKEN')))
  }
}

async function refuse(ctx: Context, call: Call, error: AppError): Promise<never> {
  await ctx.audit.record(call, { action: 'register', userId: null, failure: error.code }, ctx.now())
  throw error
}
