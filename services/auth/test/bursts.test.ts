import { auth as methods } from '@kinora/common/contracts'
import { until } from '@kinora/dev/harness'
import { describe, expect, it } from 'vitest'
import { useAuth } from './support/use-auth.ts'

const { auth, gateway, query } = await useAuth({ config: { BCRYPT_COST: 12, HASH_CONCURRENCY: 1, HASH_WAIT_MS: 2000 } })
const hashes = () => auth.metric('kinora_auth_password_hashes_total')

describe('a burst of sign-ins', () => {
  it('is cut short with TOO_BUSY and a time to come back, while other work goes on', async () => {
    const { email, actor } = await gateway.signUp()
    const before = await hashes()
    const signIns = Array.from({ length: 24 }, () => gateway.call(methods.login, { email, password: 'wrong' }))
    const outcomes = Promise.allSettled(signIns)
    expect((await gateway.call(methods.getMe, {}, actor)).email).toBe(email)
    const refused = (await outcomes).flatMap((it) => (it.status === 'rejected' ? [it.reason] : []))
    const tooBusy = refused.filter((error) => error.code === 'TOO_BUSY')
    expect(tooBusy.length).toBeGreaterThan(0)
    expect(tooBusy.every((error) => error.retryable && error.retryAfterMs >= 1000)).toBe(true)
    expect((await hashes()) - before).toBe(24 - tooBusy.length)
  })

  it('wastes no hash on callers that have given up', async () => {
    const before = await hashes()
    const attempt = (timeoutMs: number) =>
      gateway.call(methods.login, { email: 'nobody@kinora.test', password: 'wrong' }, undefined, timeoutMs)
    const first = attempt(20_000)
    await until(async () => (await hashes()) === before + 1)
    // Shorter than one hash, so the call times out while it waits.
    await expect(attempt(20)).rejects.toMatchObject({ code: 'TIMEOUT' })
    await expect(first).rejects.toMatchObject({ code: 'INVALID_CREDENTIALS' })
    await expect(attempt(20_000)).rejects.toMatchObject({ code: 'INVALID_CREDENTIALS' })
    expect(await hashes()).toBe(before + 2)
  })
})

describe('a revocation that no gateway listens for', () => {
  it('is not kept for sending: a gateway that starts later reads the list', async () => {
    const { actor } = await gateway.signUp()
    await gateway.call(methods.logout, {}, actor)
    await until(async () => (await query('select 1 from outbox')).length === 0)
  })
})
