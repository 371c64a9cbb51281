import type { Call, Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../../context.ts'
import { matchedStep } from '../../domain/totp.ts'
import type { Work } from '../../repositories/index.ts'
import { giveRecoveryCodes } from '../../second-factor/give-recovery-codes.ts'
import { openTotpSecret } from '../../second-factor/totp-secret.ts'
import { noSuchUser, signedIn } from '../signed-in.ts'

export function enableTotp(ctx: Context): Handler<typeof auth.enableTotp> {
  return signedIn<typeof auth.enableTotp>(async ({ code }, { userId }, call) => {
    const outcome = await ctx.transact((work) => enable(ctx, work, userId, code, call))
    if (outcome instanceof AppError) throw outcome
    return { recoveryCodes: outcome }
  })
}

/** A wrong code is not counted: whoever may prove a set-up may begin another, and reads its secret. */
async function enable(
  ctx: Context,
  work: Work,
  userId: string,
  code: string,
  call: Call,
): Promise<string[] | AppError> {
  const now = ctx.now()
  const user = (await work.users.lock(userId)) ?? noSuchUser()
  if (user.mfa_enabled_at) return new AppError('MFA_ALREADY_ENABLED')
  const sealed = await work.totpFactors.pendingSecret(userId, now)
  if (!sealed) return new AppError('TOTP_SETUP_NOT_FOUND')
  const step = matchedStep(openTotpSecret(ctx.cipher, userId, sealed), code, now)
  if (step === null) {
    await work.audit.record(call, { action: 'totp_enable', userId, failure: 'MFA_CODE_WRONG' }, now)
    return new AppError('MFA_CODE_WRONG')
  }
  // The clean-up may have deleted a set-up that expired just now.
  if (!(await work.totpFactors.enable(userId, step))) return new AppError('TOTP_SETUP_NOT_FOUND')
  await work.users.setMfaEnabled(userId, now, now)
  await work.audit.record(call, { action: 'totp_enable', userId }, now)
  return await giveRecoveryCodes(work, userId)
}
