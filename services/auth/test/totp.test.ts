import { auth as methods } from '@kinora/common/contracts'
import { describe, expect, it } from 'vitest'
import { codeAt, createClock, signUpWithApp, wrongCode } from './support/authenticator-app.ts'
import { PASSWORD } from './support/gateway.ts'
import { withTestAuth } from './support/start-test-auth.ts'
import { useAuth } from './support/use-auth.ts'

const clock = createClock()
const { world, auth, gateway, query } = await useAuth({ now: clock.now })

const setUp = (account: { actor: Parameters<typeof gateway.call>[2] }, password?: string) =>
  gateway.call(methods.setUpTotp, password === undefined ? {} : { password }, account.actor)

describe('setting up an authenticator app', () => {
  it('gives a secret, its address for apps and a picture, and changes nothing yet', async () => {
    const account = await gateway.signUp()
    const { secret, otpauthUrl, qrSvg } = await setUp(account)
    expect(otpauthUrl).toContain(`secret=${secret}`)
    expect(decodeURIComponent(otpauthUrl)).toContain(`Kinora Test:${account.email}`)
    expect(qrSvg).toMatch(/^<svg/)
    expect((await gateway.signIn(account.email)).signedIn.user.mfaEnabled).toBe(false)
  })

  it('is finished by a code, which gives ten recovery codes', async () => {
    const { actor, email, recoveryCodes } = await signUpWithApp(gateway, clock)
    expect(recoveryCodes).toHaveLength(10)
    expect((await gateway.call(methods.getMe, {}, actor)).mfaEnabled).toBe(true)
    const answer = await gateway.call(methods.login, { email, password: PASSWORD })
    expect(answer).toEqual({
      mfaRequired: true,
      mfaToken: expect.stringMatching(/^[\w-]{43}$/),
      methods: ['totp', 'recovery_code'],
      expiresIn: 300,
    })
  })

  it('keeps secret and codes unreadable in the database and out of the log', async () => {
    const { secret, recoveryCodes, actor } = await signUpWithApp(gateway, clock)
    const [row] = await query('select encrypted_secret from totp_factors where user_id = $1', [actor.userId])
    expect(row?.encrypted_secret.includes(secret)).toBe(false)
    const hashes = await query('select code_hash from recovery_codes where user_id = $1', [actor.userId])
    expect(hashes.map((it) => it.code_hash.length)).toEqual(Array(10).fill(32))
    for (const line of auth.logLines) for (const it of [secret, ...recoveryCodes]) expect(line).not.toContain(it)
  })

  it('binds the secret to its owner: moved to another row it opens nothing', async () => {
    const [thief, victim] = [await signUpWithApp(gateway, clock), await signUpWithApp(gateway, clock)]
    await query(
      `update totp_factors set encrypted_secret =
         (select encrypted_secret from totp_factors where user_id = $1) where user_id = $2`,
      [thief.actor.userId, victim.actor.userId],
    )
    const mfaToken = await victim.challenge()
    const attempt = gateway.call(methods.finishLogin, { mfaToken, code: thief.nextCode() })
    await expect(attempt).rejects.toMatchObject({ code: 'INTERNAL' })
  })

  it('needs the password where the sign-in was a while ago', async () => {
    const account = await gateway.signUp()
    clock.pass(16 * 60)
    await expect(setUp(account)).rejects.toMatchObject({ code: 'REAUTHENTICATION_REQUIRED' })
    await expect(setUp(account, 'not the password')).rejects.toMatchObject({ code: 'PASSWORD_WRONG' })
    await expect(setUp(account, PASSWORD)).resolves.toBeDefined()
  })

  it('refuses a wrong code, and one that comes too late', async () => {
    const { actor } = await gateway.signUp()
    const enable = (code: string) => gateway.call(methods.enableTotp, { code }, actor)
    await expect(enable('123456')).rejects.toMatchObject({ code: 'TOTP_SETUP_NOT_FOUND' })
    const { secret } = await setUp({ actor })
    await expect(enable(wrongCode(secret, clock.now()))).rejects.toMatchObject({ code: 'MFA_CODE_WRONG' })
    clock.pass(15 * 60)
    await expect(enable(codeAt(secret, clock.now()))).rejects.toMatchObject({ code: 'TOTP_SETUP_NOT_FOUND' })
  })

  it('can be begun again: the last secret counts', async () => {
    const account = await gateway.signUp()
    const enable = (secret: string) =>
      gateway.call(methods.enableTotp, { code: codeAt(secret, clock.now()) }, account.actor)
    const [first, last] = [await setUp(account), await setUp(account)]
    await expect(enable(first.secret)).rejects.toMatchObject({ code: 'MFA_CODE_WRONG' })
    await enable(last.secret)
    await expect(setUp(account)).rejects.toMatchObject({ code: 'MFA_ALREADY_ENABLED' })
    await expect(enable(last.secret)).rejects.toMatchObject({ code: 'MFA_ALREADY_ENABLED' })
  })

  it('gives one set of recovery codes, also when it is finished twice at once in two processes', async () => {
    await withTestAuth(world, { now: clock.now })
    const { actor } = await gateway.signUp()
    const { secret } = await setUp({ actor })
    const code = codeAt(secret, clock.now())
    const tries = Array.from({ length: 6 }, () => gateway.call(methods.enableTotp, { code }, actor))
    const won = (await Promise.allSettled(tries)).filter((it) => it.status === 'fulfilled')
    expect(won).toHaveLength(1)
    expect(await query('select 1 from recovery_codes where user_id = $1', [actor.userId])).toHaveLength(10)
  })
})

describe('turning the app off', () => {
  it('needs the password and a code', async () => {
    const user = await signUpWithApp(gateway, clock)
    const disable = (password: string, code: string) =>
      gateway.call(methods.disableTotp, { password, code }, user.actor)
    const code = user.nextCode()
    await expect(disable('not the password', code)).rejects.toMatchObject({ code: 'PASSWORD_WRONG' })
    const wrong = wrongCode(user.secret, clock.now())
    await expect(disable(PASSWORD, wrong)).rejects.toMatchObject({ code: 'MFA_CODE_WRONG' })
    await disable(PASSWORD, code)
    expect((await gateway.signIn(user.email)).signedIn.user.mfaEnabled).toBe(false)
    await expect(disable(PASSWORD, user.nextCode())).rejects.toMatchObject({ code: 'MFA_NOT_ENABLED' })
  })

  it('takes a recovery code for those who have lost the app, and leaves nothing behind', async () => {
    const { actor, recoveryCodes, email } = await signUpWithApp(gateway, clock)
    await gateway.call(methods.disableTotp, { password: PASSWORD, code: recoveryCodes[0] ?? '' }, actor)
    const left = await query(
      'select user_id from totp_factors where user_id = $1 union all select user_id from recovery_codes where user_id = $1',
      [actor.userId],
    )
    expect(left).toEqual([])
    await gateway.signIn(email)
  })

  it('gives no more guesses than signing in does', async () => {
    const { actor, secret, nextCode } = await signUpWithApp(gateway, clock)
    const disable = (code: string) => gateway.call(methods.disableTotp, { password: PASSWORD, code }, actor)
    const wrong = wrongCode(secret, clock.now())
    for (let guess = 0; guess < 10; guess++) {
      await expect(disable(wrong)).rejects.toMatchObject({ code: 'MFA_CODE_WRONG' })
    }
    await expect(disable(nextCode())).rejects.toMatchObject({ code: 'MFA_LOCKED' })
  })
})

describe('new recovery codes', () => {
  it('take the place of the old ones', async () => {
    const user = await signUpWithApp(gateway, clock)
    const renew = (code: string) => gateway.call(methods.renewRecoveryCodes, { password: PASSWORD, code }, user.actor)
    const { recoveryCodes } = await renew(user.nextCode())
    expect(recoveryCodes).toHaveLength(10)
    await expect(renew(user.recoveryCodes[0] ?? '')).rejects.toMatchObject({ code: 'MFA_CODE_WRONG' })
    const mfaToken = await user.challenge()
    await gateway.call(methods.finishLogin, { mfaToken, recoveryCode: recoveryCodes[3] ?? '' })
  })
})
