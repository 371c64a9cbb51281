import { auth as methods } from '@kinora/common/contracts'
import { describe, expect, it } from 'vitest'
import { createClock } from './support/authenticator-app.ts'
import { GATEWAY, PASSWORD } from './support/gateway.ts'
import { useAuth } from './support/use-auth.ts'

const clock = createClock()
const { gateway } = await useAuth({ now: clock.now })
const NEW_PASSWORD = 'another harbour at dusk'
const deviceOf = async (email: string, deviceToken = '') =>
  (await gateway.call(methods.resolveDevice, { email, deviceToken }, GATEWAY)).deviceId

describe('a device token', () => {
  it('is given at each sign-in, and names a device of this account alone, in any spelling of the address', async () => {
    const [ann, bob] = [await gateway.signUp(), await gateway.signUp()]
    const again = await gateway.signIn(ann.email)
    const [first, second] = [ann.signedIn.deviceToken ?? '', again.signedIn.deviceToken ?? '']
    const id = await deviceOf(ann.email.toUpperCase(), first)
    expect(id).toMatch(/^[\w-]{22}$/)
    expect(await deviceOf(ann.email, first)).toBe(id)
    expect(await deviceOf(ann.email, second)).not.toBe(id)
    expect(await deviceOf(bob.email, first)).toBeNull()
    expect(await deviceOf('nobody@kinora.test', first)).toBeNull()
    const refreshed = await gateway.call(methods.refresh, { refreshToken: ann.signedIn.refreshToken })
    expect(refreshed).not.toHaveProperty('deviceToken')
  })

  it('that is forged names none', async () => {
    const { email, signedIn } = await gateway.signUp()
    const bytes = Buffer.from(signedIn.deviceToken ?? '', 'base64url')
    for (let at = 0; at < bytes.length; at++) {
      const forged = Buffer.from(bytes)
      forged.writeUInt8(forged.readUInt8(at) ^ 1, at)
      expect(await deviceOf(email, forged.toString('base64url'))).toBeNull()
    }
    expect(await deviceOf(email, '')).toBeNull()
  })

  it('is good until the password changes, and for a year', async () => {
    const { email, actor, signedIn } = await gateway.signUp()
    clock.pass(364 * 86_400)
    expect(await deviceOf(email, signedIn.deviceToken)).not.toBeNull()
    clock.pass(2 * 86_400)
    expect(await deviceOf(email, signedIn.deviceToken)).toBeNull()
    const later = await gateway.signIn(email)
    await gateway.call(methods.changePassword, { currentPassword: PASSWORD, newPassword: NEW_PASSWORD }, actor)
    expect(await deviceOf(email, later.signedIn.deviceToken)).toBeNull()
  })

  it('is no way to ask who has an account: only gateways look it up', async () => {
    const { email, actor, signedIn } = await gateway.signUp()
    const input = { email, deviceToken: signedIn.deviceToken ?? '' }
    for (const who of [actor, { kind: 'anonymous' as const }]) {
      await expect(gateway.call(methods.resolveDevice, input, who)).rejects.toMatchObject({ code: 'FORBIDDEN' })
    }
  })
})

describe('what PostgreSQL cannot hold is refused, not a fault', () => {
  it('in cursors, times and addresses', async () => {
    const { actor } = await gateway.signUp()
    const cursor = Buffer.from(JSON.stringify(['0000-01-01T00:00:00Z', actor.userId])).toString('base64url')
    const attempts = [
      gateway.call(methods.listSessions, { cursor }, actor),
      gateway.call(methods.listApiKeys, { cursor }, actor),
      gateway.call(methods.searchAudit, { from: '0000-01-01T00:00:00Z' }, actor),
      gateway.call(methods.register, { email: `${'a'.repeat(65)}@kinora.test`, password: PASSWORD }),
    ]
    for (const outcome of await Promise.allSettled(attempts)) {
      expect(outcome).toMatchObject({ reason: { code: 'VALIDATION_FAILED' } })
    }
    const longest = `${crypto.randomUUID().padEnd(64, 'a')}@kinora.test`
    await expect(gateway.signUp(longest)).resolves.toBeDefined()
  })
})
