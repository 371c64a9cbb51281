import { auth as methods } from '@kinora/common/contracts'
import jwt from 'jsonwebtoken'
import { describe, expect, it } from 'vitest'
import { cleanUp } from '../src/background/clean-up.ts'
import { type AppUser, codeAt, createClock, signUpWithApp, wrongCode } from './support/authenticator-app.ts'
import { actorOf, PASSWORD } from './support/gateway.ts'
import { startTestAuth } from './support/start-test-auth.ts'
import { useAuth } from './support/use-auth.ts'

const clock = createClock()
const { world, auth, gateway, query } = await useAuth({ now: clock.now })
/** A second auth process, which answers some of the calls. */
await startTestAuth(world, { now: clock.now })

const finish = (mfaToken: string, proof: { code: string } | { recoveryCode: string }) =>
  gateway.call(methods.finishLogin, { mfaToken, ...proof })

/** The number of tries by outcome. */
async function tally(tries: Promise<unknown>[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const it of await Promise.allSettled(tries)) {
    const outcome = it.status === 'fulfilled' ? 'signed in' : it.reason.code
    counts[outcome] = (counts[outcome] ?? 0) + 1
  }
  return counts
}

const challenges = (user: AppUser, n: number) => Promise.all(Array.from({ length: n }, () => user.challenge()))

describe('a sign-in with a code', () => {
  it('gives tokens that say how it was done, also after a refresh', async () => {
    const user = await signUpWithApp(gateway, clock)
    const signedIn = await finish(await user.challenge(), { code: user.nextCode() })
    expect(signedIn.user).toMatchObject({ id: user.actor.userId, mfaEnabled: true })
    const next = await gateway.call(methods.refresh, { refreshToken: signedIn.refreshToken })
    for (const { accessToken } of [signedIn, next]) {
      expect(jwt.decode(accessToken)).toMatchObject({ amr: ['pwd', 'otp', 'mfa'] })
    }
  })

  it('takes a recovery code instead, once', async () => {
    const user = await signUpWithApp(gateway, clock)
    const recoveryCode = user.recoveryCodes[0]?.toLowerCase().replaceAll('-', ' ') ?? ''
    await finish(await user.challenge(), { recoveryCode })
    await expect(finish(await user.challenge(), { recoveryCode })).rejects.toMatchObject({ code: 'MFA_CODE_INVALID' })
  })

  it('offers recovery codes only while there are any', async () => {
    const user = await signUpWithApp(gateway, clock)
    for (const recoveryCode of user.recoveryCodes) await finish(await user.challenge(), { recoveryCode })
    const answer = await gateway.call(methods.login, { email: user.email, password: PASSWORD })
    expect(answer).toMatchObject({ mfaRequired: true, methods: ['totp'] })
  })

  it('does not take the code that turned the second factor on', async () => {
    const account = await gateway.signUp()
    const { secret } = await gateway.call(methods.setUpTotp, {}, account.actor)
    const code = codeAt(secret, clock.now())
    await gateway.call(methods.enableTotp, { code }, account.actor)
    const answer = await gateway.call(methods.login, { email: account.email, password: PASSWORD })
    if (!('mfaRequired' in answer)) throw new Error('no second factor was asked for')
    await expect(finish(answer.mfaToken, { code })).rejects.toMatchObject({ code: 'MFA_CODE_INVALID' })
  })

  it('does not take an older code than the last one', async () => {
    const user = await signUpWithApp(gateway, clock)
    const [older, newer] = [user.nextCode(), user.nextCode()]
    await finish(await user.challenge(), { code: newer })
    await expect(finish(await user.challenge(), { code: older })).rejects.toMatchObject({ code: 'MFA_CODE_INVALID' })
  })
})

describe('a code that is used twice at the same moment', () => {
  it('signs in once', async () => {
    const user = await signUpWithApp(gateway, clock)
    const tokens = await challenges(user, 6)
    const code = user.nextCode()
    expect(await tally(tokens.map((token) => finish(token, { code })))).toEqual({ 'signed in': 1, MFA_CODE_INVALID: 5 })
  })

  it('signs in once, if it is a recovery code', async () => {
    const user = await signUpWithApp(gateway, clock)
    const tokens = await challenges(user, 6)
    const recoveryCode = user.recoveryCodes[0] ?? ''
    const outcomes = await tally(tokens.map((token) => finish(token, { recoveryCode })))
    expect(outcomes).toEqual({ 'signed in': 1, MFA_CODE_INVALID: 5 })
  })
})

describe('the token between the two steps', () => {
  it('is good for one sign-in, however many recovery codes come with it', async () => {
    const user = await signUpWithApp(gateway, clock)
    const token = await user.challenge()
    const outcomes = await tally(user.recoveryCodes.slice(0, 5).map((recoveryCode) => finish(token, { recoveryCode })))
    expect(outcomes).toEqual({ 'signed in': 1, MFA_TOKEN_INVALID: 4 })
    const used = await query('select 1 from recovery_codes where user_id = $1 and used_at is not null', [
      user.actor.userId,
    ])
    expect(used).toHaveLength(1)
  })

  it('is worth nothing after five minutes, and when it was made up', async () => {
    const user = await signUpWithApp(gateway, clock)
    const token = await user.challenge()
    clock.pass(300)
    await expect(finish(token, { code: user.nextCode() })).rejects.toMatchObject({ code: 'MFA_TOKEN_EXPIRED' })
    await expect(finish('made up', { code: '123456' })).rejects.toMatchObject({ code: 'MFA_TOKEN_INVALID' })
  })

  it('is stored as a hash', async () => {
    const user = await signUpWithApp(gateway, clock)
    const token = await user.challenge()
    const [row] = await query('select token_hash from mfa_challenges where user_id = $1', [user.actor.userId])
    expect(row?.token_hash.toString('base64url')).not.toBe(token)
    expect(row?.token_hash).toHaveLength(32)
  })

  it.each([
    ['the account is disabled', 'update users set disabled_at = now() where id = $1', 'ACCOUNT_DISABLED'],
    [
      'the password changes',
      "update users set password_hash = password_hash || 'x' where id = $1",
      'MFA_TOKEN_INVALID',
    ],
    ['the second factor is turned off', 'update users set mfa_enabled_at = null where id = $1', 'MFA_TOKEN_INVALID'],
  ])('is worth nothing once %s', async (_, change, code) => {
    const user = await signUpWithApp(gateway, clock)
    const token = await user.challenge()
    await query(change, [user.actor.userId])
    await expect(finish(token, { code: user.nextCode() })).rejects.toMatchObject({ code })
  })
})

describe('guessing', () => {
  it('has five tries with one token, then the right code does not help', async () => {
    const user = await signUpWithApp(gateway, clock)
    const token = await user.challenge()
    const code = wrongCode(user.secret, clock.now())
    const outcomes = await tally(Array.from({ length: 30 }, () => finish(token, { code })))
    expect(outcomes).toEqual({ MFA_CODE_INVALID: 5, MFA_TOKEN_EXHAUSTED: 25 })
    await expect(finish(token, { code: user.nextCode() })).rejects.toMatchObject({ code: 'MFA_TOKEN_EXHAUSTED' })
  })

  it('has ten tries with many tokens, in all processes together', async () => {
    const user = await signUpWithApp(gateway, clock)
    const tokens = await challenges(user, 25)
    const code = wrongCode(user.secret, clock.now())
    const outcomes = await tally(tokens.flatMap((token) => Array.from({ length: 4 }, () => finish(token, { code }))))
    // All wait for one lock; on a slow machine some time out before they get it.
    const { MFA_CODE_INVALID: lookedAt = 0, MFA_LOCKED: refused = 0, DEPENDENCY_UNAVAILABLE: gaveUp = 0 } = outcomes
    expect(lookedAt).toBeLessThanOrEqual(10)
    expect(lookedAt + refused + gaveUp).toBe(100)
    const [counted] = await query('select failures from code_attempts where user_id = $1', [user.actor.userId])
    expect(counted).toEqual({ failures: lookedAt })
  })

  it('stops sign-ins until the time is over, and says when; sessions go on', async () => {
    const user = await signUpWithApp(gateway, clock)
    const code = wrongCode(user.secret, clock.now())
    await tally((await challenges(user, 10)).map((token) => finish(token, { code })))
    clock.pass(300)
    const refusal = await finish(await user.challenge(), { code: user.nextCode() }).catch((error) => error)
    expect(refusal).toMatchObject({ code: 'MFA_LOCKED', retryable: true, retryAfterMs: 570_000 })
    await expect(gateway.call(methods.refresh, { refreshToken: user.signedIn.refreshToken })).resolves.toBeDefined()
    clock.pass(570)
    await finish(await user.challenge(), { code: user.nextCode() })
  })

  it('gains nothing by the owner signing in, and the owner loses nothing by it', async () => {
    const user = await signUpWithApp(gateway, clock)
    const guess = async () => finish(await user.challenge(), { code: wrongCode(user.secret, clock.now()) })
    for (let round = 0; round < 9; round++) {
      await expect(guess()).rejects.toMatchObject({ code: 'MFA_CODE_INVALID' })
      // Half a minute apart, so all are within one window.
      await finish(await user.challenge(), { code: user.nextCode() })
    }
    await expect(guess()).rejects.toMatchObject({ code: 'MFA_CODE_INVALID' })
    await expect(guess()).rejects.toMatchObject({ code: 'MFA_LOCKED' })
  })
})

describe('afterwards', () => {
  it('the audit log tells what happened', async () => {
    const user = await signUpWithApp(gateway, clock)
    const token = await user.challenge()
    await finish(token, { code: wrongCode(user.secret, clock.now()) }).catch(() => {})
    const actor = actorOf(await finish(token, { recoveryCode: user.recoveryCodes[0] ?? '' }))
    const proof = () => ({ password: PASSWORD, code: user.nextCode() })
    await gateway.call(methods.renewRecoveryCodes, proof(), actor)
    await gateway.call(methods.disableTotp, { ...proof(), password: 'not the password' }, actor).catch(() => {})
    await gateway.call(methods.disableTotp, proof(), actor)
    const { items } = await gateway.call(methods.listAudit, { limit: 50 }, actor)
    expect(items.toReversed().map((item) => `${item.action} ${item.outcome}`)).toEqual([
      'register success',
      'totp_setup success',
      'totp_enable success',
      'mfa_challenge success',
      'mfa failure',
      'recovery_code_use success',
      'login success',
      'recovery_codes_renew success',
      'totp_disable failure',
      'totp_disable success',
    ])
  })

  it('the clean-up removes what has expired and nothing that is in use', async () => {
    const user = await signUpWithApp(gateway, clock)
    await user.challenge()
    const unfinished = await gateway.signUp()
    await gateway.call(methods.setUpTotp, {}, unfinished.actor)
    const rows = () =>
      query(
        `select 'totp' as what from totp_factors where user_id = any($1::uuid[])
         union all select 'challenge' from mfa_challenges where user_id = any($1::uuid[])
         union all select 'attempts' from code_attempts where user_id = any($1::uuid[])`,
        [[user.actor.userId, unfinished.actor.userId]],
      ).then((found) => found.map(({ what }) => what))
    await finish(await user.challenge(), { code: wrongCode(user.secret, clock.now()) }).catch(() => {})
    await cleanUp(auth.ctx)
    expect((await rows()).toSorted()).toEqual(['attempts', 'challenge', 'challenge', 'totp', 'totp'])
    clock.pass(901)
    await cleanUp(auth.ctx)
    expect(await rows()).toEqual(['totp'])
    await finish(await user.challenge(), { code: user.nextCode() })
  })
})
