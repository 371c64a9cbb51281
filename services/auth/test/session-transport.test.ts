import { randomUUID } from 'node:crypto'
import type { SessionTransport } from '@kinora/common/contract'
import { auth as methods, SignedIn } from '@kinora/common/contracts'
import { describe, expect, it } from 'vitest'
import { actorOf, CLIENT, PASSWORD } from './support/gateway.ts'
import { useAuth } from './support/use-auth.ts'

const { gateway, query } = await useAuth()

const via = (transport?: SessionTransport) => ({
  actor: { kind: 'anonymous' as const },
  requestId: randomUUID(),
  client: { ...CLIENT, ...(transport && { transport }) },
  timeoutMs: 20_000,
})
const register = async (transport?: SessionTransport) => {
  const input = { email: `${randomUUID()}@kinora.test`, password: PASSWORD }
  return SignedIn.parse(await gateway.bus.call(methods.register, input, via(transport)))
}
const refresh = ({ refreshToken }: SignedIn, transport?: SessionTransport) =>
  gateway.bus.call(methods.refresh, { refreshToken }, via(transport))
const logout = ({ refreshToken }: SignedIn, transport?: SessionTransport) =>
  gateway.bus.call(methods.logout, { refreshToken }, via(transport))

describe('a session', () => {
  it.each([
    ['body', 'cookie'],
    ['cookie', 'body'],
  ] as const)('opened by %s is never refreshed by %s, and does not suffer from the try', async (own, other) => {
    const signedIn = await register(own)
    const next = await refresh(signedIn, own)
    const later = await refresh(next, own)
    // Over its own transport the first token would end the session.
    for (const token of [later, next, signedIn]) {
      await expect(refresh(token, other)).rejects.toMatchObject({ code: 'REFRESH_TRANSPORT_MISMATCH' })
    }
    await expect(refresh(later, own)).resolves.toBeDefined()
    const tries = await query("select 1 from audit_log where user_id = $1 and code = 'REFRESH_TRANSPORT_MISMATCH'", [
      signedIn.user.id,
    ])
    expect(tries).toHaveLength(3)
  })

  it('is one by body where the gateway says nothing', async () => {
    await expect(refresh(await register(), 'body')).resolves.toBeDefined()
  })
})

describe('signing out by refresh token', () => {
  it.each(['body', 'cookie'] as const)('ends its session: by %s', async (transport) => {
    const signedIn = await register(transport)
    await logout(signedIn, transport)
    await expect(refresh(signedIn, transport)).rejects.toMatchObject({ code: 'SESSION_REVOKED' })
    const { items } = await gateway.call(methods.listAudit, {}, actorOf(signedIn))
    expect(items.filter((item) => item.action === 'logout')).toHaveLength(1)
  })

  it('works with a token that another tab has exchanged meanwhile, and once more', async () => {
    const signedIn = await register('cookie')
    const next = await refresh(signedIn, 'cookie')
    await logout(signedIn, 'cookie')
    await logout(signedIn, 'cookie')
    await expect(refresh(next, 'cookie')).rejects.toMatchObject({ code: 'SESSION_REVOKED' })
  })

  it('needs a genuine token that came in the right way', async () => {
    const signedIn = await register('cookie')
    await expect(logout(signedIn, 'body')).rejects.toMatchObject({ code: 'REFRESH_TRANSPORT_MISMATCH' })
    const forged = { ...signedIn, refreshToken: `${signedIn.refreshToken.slice(0, -3)}AAA` }
    await expect(logout(forged, 'cookie')).rejects.toMatchObject({ code: 'REFRESH_INVALID' })
    await expect(refresh(signedIn, 'cookie')).resolves.toBeDefined()
  })

  it('needs a token at all', async () => {
    await expect(gateway.call(methods.logout, {})).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  })
})
