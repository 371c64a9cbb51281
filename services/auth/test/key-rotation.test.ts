import { createPublicKey } from 'node:crypto'
import { auth as methods, type SignedIn } from '@kinora/common/contracts'
import { until } from '@kinora/dev/harness'
import jwt from 'jsonwebtoken'
import { beforeEach, describe, expect, it } from 'vitest'
import { cleanUp } from '../src/background/clean-up.ts'
import { MAX_ACCESS_TOKEN_SECONDS } from '../src/config.ts'
import { actorOf } from './support/gateway.ts'
import { startTestAuth, withTestAuth } from './support/start-test-auth.ts'
import { useAuth } from './support/use-auth.ts'

const { world, auth, gateway, query } = await useAuth()
const operator = { kind: 'service', name: 'operator' } as const
const list = async () => (await gateway.call(methods.listKeys, {}, operator)).keys
const rotate = async () => (await gateway.call(methods.rotateKeys, {}, operator)).keys
const retire = (kid: string) => gateway.call(methods.retireKey, { kid, reason: 'a laptop was stolen' }, operator)
const at = async (stage: string) => (await list()).filter((key) => key.stage === stage).map(({ kid }) => kid)
const theOne = async (stage: string) => (await at(stage))[0] ?? expect.fail(`no ${stage} key`)
const kidOf = ({ accessToken }: SignedIn) => jwt.decode(accessToken, { complete: true })?.header.kid
const publishEarlier = () => query("update signing_keys set created_at = created_at - interval '1 hour'")
const dueIn = (days: number) =>
  query("update signing_keys set current_since = now() - interval '30 days' + $1 * interval '1 day'", [days])

async function isVerifiable({ accessToken }: SignedIn): Promise<boolean> {
  const { keys } = await gateway.call(methods.getJwks, {})
  const { kid } = jwt.decode(accessToken, { complete: true })?.header ?? {}
  const jwk = keys.find((it) => it.kid === kid)
  return jwk !== undefined && jwt.verify(accessToken, createPublicKey({ key: { ...jwk }, format: 'jwk' })) !== undefined
}

beforeEach(publishEarlier)

describe('a rotation', () => {
  it('moves each key one stage on, makes a new next one, and leaves all tokens good', async () => {
    const [next, current] = [await theOne('next'), await theOne('current')]
    const { signedIn } = await gateway.signUp()
    await rotate()
    expect([await at('current'), await at('previous')]).toEqual([[next], [current]])
    expect(await at('next')).toEqual([expect.not.stringContaining(next)])
    expect(await isVerifiable(signedIn)).toBe(true)
    const renewed = await gateway.call(methods.refresh, { refreshToken: signedIn.refreshToken })
    expect([kidOf(signedIn), kidOf(renewed)]).toEqual([current, next])
    expect(await isVerifiable(renewed)).toBe(true)
  })

  it('erases the private part of the key that signs no more', async () => {
    await rotate()
    const rows = await query('select stage, encrypted_private_key is null as erased from signing_keys')
    expect(rows.filter(({ erased }) => erased).map(({ stage }) => stage)).not.toContain('current')
    expect(
      rows
        .filter(({ erased }) => !erased)
        .map(({ stage }) => stage)
        .toSorted(),
    ).toEqual(['current', 'next'])
  })

  it('waits until the next key is known everywhere', async () => {
    await rotate()
    await expect(rotate()).rejects.toMatchObject({ code: 'KEY_TOO_NEW', retryAfterMs: expect.any(Number) })
  })

  it('is done when it is time, by one of any number of processes', async () => {
    const others = await Promise.all([withTestAuth(world), withTestAuth(world), withTestAuth(world)])
    const before = await list()
    const [next, current] = [await theOne('next'), await theOne('current')]
    await dueIn(0)
    await Promise.all([auth, ...others].map(({ ctx }) => ctx.keyRotator.rotateIfDue()))
    await until(async () => (await theOne('current')) === next)
    expect(await at('previous')).toContain(current)
    expect(await list()).toHaveLength(before.length + 1)
    await until(() => others.every(({ ctx }) => ctx.keys.current.kid === next))
  })

  it('is not done before its time', async () => {
    const current = await theOne('current')
    await dueIn(0.01)
    await auth.ctx.keyRotator.rotateIfDue()
    expect(await theOne('current')).toBe(current)
  })

  it('is noticed by a process that did not do it, without being told', async () => {
    const other = await withTestAuth(world)
    const next = await theOne('next')
    await auth.ctx.keyRotator.rotate({ actor: operator, requestId: 'test', timeoutMs: 5_000 })
    await until(() => other.ctx.keys.current.kid === next)
  })

  it('leaves the old key published until its last token has expired, then removes it', async () => {
    const { signedIn } = await gateway.signUp()
    const kid = kidOf(signedIn)
    await rotate()
    const previous = (await list()).find((key) => key.kid === kid)
    expect(Date.parse(previous?.expiresAt ?? '') - Date.now()).toBeGreaterThan(MAX_ACCESS_TOKEN_SECONDS * 1000)
    await cleanUp(auth.ctx)
    expect(await isVerifiable(signedIn)).toBe(true)
    await query("update signing_keys set expires_at = now() - interval '1 second' where kid = $1", [kid])
    await cleanUp(auth.ctx)
    await until(async () => !(await isVerifiable(signedIn)))
    expect((await list()).map((key) => key.kid)).not.toContain(kid)
  })
})

describe('a retirement', () => {
  it('of the current key puts the next one to work at once, and refresh tokens go on working', async () => {
    const { signedIn } = await gateway.signUp()
    const [current, next] = [await theOne('current'), await theOne('next')]
    const { keys } = await retire(current)
    expect(keys.find((key) => key.kid === current)).toMatchObject({
      stage: 'retired',
      retireReason: 'a laptop was stolen',
    })
    const document = await gateway.call(methods.getJwks, {})
    expect(document.keys.map(({ kid }) => kid)).not.toContain(current)
    expect(document.retired).toContainEqual({ kid: current, expiresAt: expect.any(String) })
    const renewed = await gateway.call(methods.refresh, { refreshToken: signedIn.refreshToken })
    expect(kidOf(renewed)).toBe(next)
    expect(await isVerifiable(renewed)).toBe(true)
  })

  it.each(['next', 'previous'])('of a %s key leaves the current one alone', async (stage) => {
    await rotate()
    const current = await theOne('current')
    await retire(await theOne(stage))
    expect(await theOne('current')).toBe(current)
    expect(await at('next')).toHaveLength(1)
  })

  it('twice is the same as once, and of a key that is not there an error', async () => {
    const current = await theOne('current')
    await Promise.all([retire(current), retire(current)])
    await retire(current)
    expect([await at('current'), await at('next')].map((kids) => kids.length)).toEqual([1, 1])
    expect(await query("select 1 from audit_log where action = 'key_retire'")).toHaveLength(
      (await at('retired')).length,
    )
    await expect(retire('nonsense')).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' })
  })
})

describe('signing keys', () => {
  it('are the business of operators, not of users', async () => {
    const { signedIn } = await gateway.signUp()
    const admin = { ...actorOf(signedIn), role: 'admin' } as const
    for (const call of [
      gateway.call(methods.listKeys, {}, admin),
      gateway.call(methods.rotateKeys, {}, admin),
      gateway.call(methods.retireKey, { kid: 'x', reason: 'x' }, admin),
    ])
      await expect(call).rejects.toMatchObject({ code: 'FORBIDDEN' })
  })

  it('that were made before there was a next one get it when a process starts', async () => {
    await query("delete from signing_keys where stage = 'next'")
    const { life } = await startTestAuth(world)
    await life.close()
    expect(await at('next')).toHaveLength(1)
  })
})
