import type { Call, Handler, SessionActor } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import {
  createTotpSecret,
  matchedStep,
  openTotpSecret,
  qrSvgOf,
  sealTotpSecret,
  totpUrl,
} from '../domain/one-time-codes.ts'
import { reauthenticate } from '../operations/passwords.ts'
import { replaceRecoveryCodes, withPasswordAndCode } from '../operations/second-factor.ts'
import { assertSessionLive } from '../operations/sessions.ts'
import type { Work } from '../operations/transact.ts'
import { noSuchUser, signedIn } from './guards.ts'

/** Long enough to install an app. */
const SETUP_MS = 15 * 60 * 1000

export function setUpTotp(ctx: Context): Handler<typeof auth.setUpTotp> {
  return signedIn<typeof auth.setUpTotp>(async ({ password }, actor, call) => {
    const { userId } = actor
    await reauthenticate(ctx, actor, password, 'totp_setup', call)
    const now = ctx.now()
    const secret = createTotpSecret()
    const email = await ctx.transact(call, async (work) => {
      // The lock keeps another request from proving the setup that this one replaces.
      const user = (await work.users.lock(userId)) ?? noSuchUser()
      await assertSessionLive(work, actor.sessionId)
      const encryptedSecret = sealTotpSecret(ctx.cipher, userId, secret)
      const expiresAt = new Date(now.getTime() + SETUP_MS)
      if (!(await work.totpFactors.setUp({ userId, encryptedSecret, expiresAt }))) {
        throw new AppError('MFA_ALREADY_ENABLED')
      }
      await work.audit.record(call, { action: 'totp_setup', userId }, now)
      return user.email
    })
    const otpauthUrl = totpUrl(secret, ctx.productName, email)
    return { secret, otpauthUrl, qrSvg: qrSvgOf(otpauthUrl) }
  })
}

export function enableTotp(ctx: Context): Handler<typeof auth.enableTotp> {
  return signedIn<typeof auth.enableTotp>(async ({ code }, actor, call) => {
    const outcome = await ctx.transact(call, (work) => enable(ctx, work, actor, code, call))
    if (outcome instanceof AppError) throw outcome
    return { recoveryCodes: outcome }
  })
}

/** Does not count wrong codes: a caller who may confirm a setup may also start another, and read its secret. */
async function enable(
  ctx: Context,
  work: Work,
  { userId, sessionId }: SessionActor,
  code: string,
  call: Call,
): Promise<string[] | AppError> {
  const now = ctx.now()
  const user = (await work.users.lock(userId)) ?? noSuchUser()
  await assertSessionLive(work, sessionId)
  if (user.mfa_enabled_at) return new AppError('MFA_ALREADY_ENABLED')
  const sealed = await work.totpFactors.pendingSecret(userId, now)
  if (!sealed) return new AppError('TOTP_SETUP_NOT_FOUND')
  const step = matchedStep(openTotpSecret(ctx.cipher, userId, sealed), code, now)
  if (step === null) {
    await work.audit.record(call, { action: 'totp_enable', userId, failure: 'MFA_CODE_WRONG' }, now)
    return new AppError('MFA_CODE_WRONG')
  }
  // The clean-up may just have deleted an expired setup.
  if (!(await work.totpFactors.enable(userId, step))) return new AppError('TOTP_SETUP_NOT_FOUND')
  await work.users.setMfaEnabled(userId, now, now)
  await work.queueMail('totp_enabled', userId, call, now)
  await work.audit.record(call, { action: 'totp_enable', userId }, now)
  return await replaceRecoveryCodes(work, userId)
}

export function disableTotp(ctx: Context): Handler<typeof auth.disableTotp> {
  return signedIn<typeof auth.disableTotp>(async (proof, { userId }, call) => {
    await withPasswordAndCode(ctx, { userId, action: 'totp_disable' }, proof, call, async (work) => {
      await work.totpFactors.delete(userId)
      await work.recoveryCodes.delete(userId)
      await work.users.setMfaEnabled(userId, null, ctx.now())
      await work.queueMail('totp_disabled', userId, call, ctx.now())
    })
    return {}
  })
}

export function renewRecoveryCodes(ctx: Context): Handler<typeof auth.renewRecoveryCodes> {
  return signedIn<typeof auth.renewRecoveryCodes>(async (proof, { userId }, call) => {
    const subject = { userId, action: 'recovery_codes_renew' } as const
    const recoveryCodes = await withPasswordAndCode(ctx, subject, proof, call, async (work) => {
      await work.queueMail('recovery_codes_renewed', userId, call, ctx.now())
      return await replaceRecoveryCodes(work, userId)
    })
    return { recoveryCodes }
  })
}
