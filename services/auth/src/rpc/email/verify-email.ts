import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../../context.ts'
import { oneTimeTokenHash } from '../../domain/one-time-token.ts'

export function verifyEmail(ctx: Context): Handler<typeof auth.verifyEmail> {
  return async ({ token }, call) => {
    const now = ctx.now()
    const tokenHash = oneTimeTokenHash(token)
    const userId = await ctx.mailTokens.ownerOf('verify_email', tokenHash, now)
    const verified = await ctx.transact(async (work) => {
      // The account before what hangs on it, as everywhere, so that nobody waits in a circle.
      if (userId === undefined || !(await work.users.lock(userId))) return false
      if (!(await work.mailTokens.take('verify_email', tokenHash, now))) return false
      await work.users.markVerified(userId, now)
      await work.audit.record(call, { action: 'email_verify', userId }, now)
      return true
    })
    if (verified) return {}
    await ctx.audit.record(call, { action: 'email_verify', userId: null, failure: 'MAIL_TOKEN_INVALID' }, now)
    throw new AppError('MAIL_TOKEN_INVALID')
  }
}
