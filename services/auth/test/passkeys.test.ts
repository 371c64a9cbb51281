import { auth as methods } from '@kinora/common/contracts'
import { describe, expect, it } from 'vitest'
import { cleanUp } from '../src/background/clean-up.ts'
import { createClock, signUpWithApp, wrongCode } from './support/authenticator-app.ts'
import { type Account, actorOf, PASSWORD } from './support/gateway.ts'
import { createSoftwareAuthenticator, type SoftwareAuthenticator } from './support/software-authenticator.ts'
import { useAuth } from './support/use-auth.ts'

const clock = createClock()
const { auth, gateway, query } = await useAuth({ now: clock.now })

async function addPasskey({ actor }: Account, device = createSoftwareAuthenticator()): Promise<SoftwareAuthenticator> {
  const { challengeToken, options } = await gateway.call(methods.beginPasskey, {}, actor)
  await gateway.call(methods.addPasskey, { challengeToken, response: device.create(options.challenge) }, actor)
  return device
}

async function signIn(device: SoftwareAuthenticator, userId: string) {
  const { challengeToken, options } = await gateway.call(methods.beginPasskeyLogin, {})
  const response = device.get(options.challenge, userId)
  return await gateway.call(methods.loginWithPasskey, { challengeToken, response })
}

describe('adding a passkey', () => {
  it('needs the password where the sign-in was a while ago', async () => {
    const { actor } = await gateway.signUp()
    clock.pass(16 * 60)
    const begin = (password?: string) => gateway.call(methods.beginPasskey, password ? { password } : {}, actor)
    await expect(begin()).rejects.toMatchObject({ code: 'REAUTHENTICATION_REQUIRED' })
    await expect(begin('not the password')).rejects.toMatchObject({ code: 'PASSWORD_WRONG' })
    await expect(begin(PASSWORD)).resolves.toBeDefined()
  })

  it('is for who began it, and for five minutes', async () => {
    const [account, stranger] = [await gateway.signUp(), await gateway.signUp()]
    const { challengeToken, options } = await gateway.call(methods.beginPasskey, {}, account.actor)
    const response = createSoftwareAuthenticator().create(options.challenge)
    const add = ({ actor }: Account) => gateway.call(methods.addPasskey, { challengeToken, response }, actor)
    await expect(add(stranger)).rejects.toMatchObject({ code: 'PASSKEY_CHALLENGE_INVALID' })
    clock.pass(301)
    await expect(add(account)).rejects.toMatchObject({ code: 'PASSKEY_CHALLENGE_INVALID' })
  })

  it('refuses a device that signed another challenge, and a credential that is known already', async () => {
    const [account, stranger] = [await gateway.signUp(), await gateway.signUp()]
    const { challengeToken } = await gateway.call(methods.beginPasskey, {}, account.actor)
    const response = createSoftwareAuthenticator().create('AAAA')
    const attempt = gateway.call(methods.addPasskey, { challengeToken, response }, account.actor)
    await expect(attempt).rejects.toMatchObject({ code: 'PASSKEY_UNACCEPTABLE' })
    const device = await addPasskey(account)
    await expect(addPasskey(stranger, device)).rejects.toMatchObject({ code: 'PASSKEY_UNACCEPTABLE' })
  })

  it('stops at twenty, also when several come at once', async () => {
    const account = await gateway.signUp()
    await query(
      `insert into passkeys select gen_random_uuid(), $1, sha256(n::text::bytea), '', 0, '{}', 'Key', now(), null
         from generate_series(1, 18) n`,
      [account.actor.userId],
    )
    const added = await Promise.allSettled(Array.from({ length: 5 }, () => addPasskey(account)))
    expect(added.filter((it) => it.status === 'fulfilled')).toHaveLength(2)
    for (const it of added) {
      if (it.status === 'rejected') expect(it.reason).toMatchObject({ code: 'PASSKEY_LIMIT_REACHED' })
    }
    expect((await gateway.call(methods.listPasskeys, {}, account.actor)).items).toHaveLength(20)
  })
})

describe('signing in with a passkey', () => {
  it('leaves the second factor of the password as it is', async () => {
    const account = await gateway.signUp()
    await addPasskey(account)
    expect((await gateway.signIn(account.email)).signedIn.user.mfaEnabled).toBe(false)
  })

  it('is refused for a disabled account', async () => {
    const account = await gateway.signUp()
    const device = await addPasskey(account)
    await query('update users set disabled_at = now() where id = $1', [account.actor.userId])
    await expect(signIn(device, account.actor.userId)).rejects.toMatchObject({ code: 'ACCOUNT_DISABLED' })
  })

  it('answers an unknown passkey like one that names somebody else', async () => {
    const [account, other] = [await gateway.signUp(), await gateway.signUp()]
    const device = await addPasskey(account)
    const answers = await Promise.allSettled([
      signIn(createSoftwareAuthenticator(), account.actor.userId),
      signIn(device, other.actor.userId),
    ])
    for (const it of answers) expect(it).toMatchObject({ status: 'rejected', reason: { code: 'PASSKEY_INVALID' } })
  })

  it('works while somebody else has used up the tries at codes', async () => {
    const user = await signUpWithApp(gateway, clock)
    const device = await addPasskey(user)
    const code = wrongCode(user.secret, clock.now())
    for (let guess = 0; guess < 10; guess++) {
      const mfaToken = await user.challenge()
      await gateway.call(methods.finishLogin, { mfaToken, code }).catch(() => {})
    }
    const mfaToken = await user.challenge()
    await expect(gateway.call(methods.finishLogin, { mfaToken, code })).rejects.toMatchObject({ code: 'MFA_LOCKED' })
    const { options } = await gateway.call(methods.beginMfaPasskey, { mfaToken })
    const passkey = device.get(options.challenge, user.actor.userId)
    expect((await gateway.call(methods.finishLogin, { mfaToken, passkey })).user.id).toBe(user.actor.userId)
  })
})

describe('removing a passkey', () => {
  it("does not reach someone else's, which looks like none", async () => {
    const [account, stranger] = [await gateway.signUp(), await gateway.signUp()]
    await addPasskey(account)
    const [passkey] = (await gateway.call(methods.listPasskeys, {}, account.actor)).items
    const input = { passkeyId: passkey?.id ?? '', password: PASSWORD }
    await expect(gateway.call(methods.deletePasskey, input, stranger.actor)).rejects.toMatchObject({
      code: 'PASSKEY_NOT_FOUND',
    })
    expect((await gateway.call(methods.listPasskeys, {}, account.actor)).items).toEqual([passkey])
  })
})

describe('afterwards', () => {
  it('the audit log tells of passkeys that came and went', async () => {
    const account = await gateway.signUp()
    const device = await addPasskey(account)
    const actor = actorOf(await signIn(device, account.actor.userId))
    const [passkey] = (await gateway.call(methods.listPasskeys, {}, actor)).items
    const remove = (password: string) =>
      gateway.call(methods.deletePasskey, { passkeyId: passkey?.id ?? '', password }, actor)
    await expect(remove('not the password')).rejects.toMatchObject({ code: 'PASSWORD_WRONG' })
    await remove(PASSWORD)
    await expect(remove(PASSWORD)).rejects.toMatchObject({ code: 'PASSKEY_NOT_FOUND' })
    await signIn(device, account.actor.userId).catch(() => {})
    const { items } = await gateway.call(methods.listAudit, {}, actor)
    expect(items.toReversed().map((item) => `${item.action} ${item.outcome}`)).toEqual([
      'register success',
      'passkey_add success',
      'login success',
      'passkey_remove failure',
      'passkey_remove success',
    ])
  })

  it('the clean-up removes what was begun and not finished', async () => {
    await gateway.call(methods.beginPasskeyLogin, {})
    clock.pass(301)
    await gateway.call(methods.beginPasskeyLogin, {})
    await cleanUp(auth.ctx)
    expect(await query('select 1 from passkey_challenges')).toHaveLength(1)
  })
})
