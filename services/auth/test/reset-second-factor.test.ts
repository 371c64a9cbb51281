import { auth as methods } from '@kinora/common/contracts'
import { startSmtp } from '@kinora/dev/harness'
import { afterAll, describe, expect, it } from 'vitest'
import { createClock, signUpWithApp } from './support/authenticator-app.ts'
import { OPERATOR, PASSWORD } from './support/gateway.ts'
import { useAuth } from './support/use-auth.ts'

const clock = createClock()
const smtp = await startSmtp()
const { gateway, query } = await useAuth({ config: { SMTP_URL: smtp.url, EMAIL_VERIFICATION: 'off' }, now: clock.now })
afterAll(() => smtp.stop())

describe('an account whose owner has lost the second factor', () => {
  it('is signed in to with the password alone after an administrator has reset it, and with nothing from before', async () => {
    const user = await signUpWithApp(gateway, clock)
    const admin = await gateway.signUpAdmin()
    const challenge = await user.challenge()
    await gateway.call(methods.resetSecondFactor, { userId: user.actor.userId }, admin.actor)

    const answer = await gateway.call(methods.login, { email: user.email, password: PASSWORD })
    expect(answer).toMatchObject({ user: { id: user.actor.userId, mfaEnabled: false } })
    const old = gateway.call(methods.finishLogin, { mfaToken: challenge, code: user.nextCode() })
    await expect(old).rejects.toMatchObject({ code: 'MFA_TOKEN_INVALID' })
    const refreshed = gateway.call(methods.refresh, { refreshToken: user.signedIn.refreshToken })
    await expect(refreshed).rejects.toMatchObject({ code: 'SESSION_REVOKED' })
    expect(await query('select 1 from recovery_codes where user_id = $1', [user.actor.userId])).toEqual([])
  })

  it('has it in its audit log, and its owner gets a mail', async () => {
    const user = await signUpWithApp(gateway, clock)
    const { userId } = user.actor
    await gateway.call(methods.resetSecondFactor, { userId }, OPERATOR)
    const { items } = await gateway.call(methods.searchAudit, { userId, limit: 10 }, OPERATOR)
    const done = items.filter(({ actor }) => actor?.kind === 'service').map(({ action }) => action)
    expect(done).toEqual(['second_factor_reset', 'totp_disable'])
    expect((await smtp.mailTo(user.email, 2)).subject).toBe('Your second factor was removed')
  })

  it('is refused for the own account of an administrator, and for an unknown account', async () => {
    const { actor } = await gateway.signUpAdmin()
    const own = gateway.call(methods.resetSecondFactor, { userId: actor.userId }, actor)
    await expect(own).rejects.toMatchObject({ code: 'OWN_ACCOUNT' })
    const nobody = gateway.call(methods.resetSecondFactor, { userId: crypto.randomUUID() }, actor)
    await expect(nobody).rejects.toMatchObject({ code: 'USER_NOT_FOUND' })
  })
})
