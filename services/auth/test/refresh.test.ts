import { auth as methods } from '@kinora/common/contracts'
import { describe, expect, it } from 'vitest'
import { actorOf, GATEWAY } from './support/gateway.ts'
import { withTestAuth } from './support/start-test-auth.ts'
import { useAuth } from './support/use-auth.ts'

const DAY_MS = 24 * 3600 * 1000
const clock = { ahead: 0 }
const { world, auth, gateway, query } = await useAuth({ now: () => new Date(Date.now() + clock.ahead) })

const refresh = (refreshToken: string) => gateway.call(methods.refresh, { refreshToken })
const isRevoked = async (sessionId: string) => {
  const { items } = await gateway.call(methods.listRevocations, { after: 0 }, GATEWAY)
  return items.some((item) => item.sessionIds.includes(sessionId))
}

describe('refresh', () => {
  it('hands out a new pair for the same session', async () => {
    const { signedIn, actor } = await gateway.signUp()
    const next = await refresh(signedIn.refreshToken)
    expect(next.refreshToken).not.toBe(signedIn.refreshToken)
    expect(next.accessToken).not.toBe(signedIn.accessToken)
    expect(actorOf(next)).toEqual(actor)
    expect(next.user).toEqual(signedIn.user)
  })

  it('gives the immediate parent the same successor again', async () => {
    const { signedIn } = await gateway.signUp()
    const first = await refresh(signedIn.refreshToken)
    const again = await refresh(signedIn.refreshToken)
    expect(again.refreshToken).toBe(first.refreshToken)
    await expect(refresh(again.refreshToken)).resolves.toBeDefined()
  })

  it('gives all of many tabs that ask at once the same successor', async () => {
    await withTestAuth(world)
    const { signedIn } = await gateway.signUp()
    const answers = await Promise.all(Array.from({ length: 8 }, () => refresh(signedIn.refreshToken)))
    expect(new Set(answers.map((answer) => answer.refreshToken)).size).toBe(1)
    await expect(refresh(answers[0]?.refreshToken ?? '')).resolves.toBeDefined()
  })

  it('does not stretch the session: seven days after sign-in it is over', async () => {
    const { signedIn } = await gateway.signUp()
    clock.ahead = 6 * DAY_MS
    const late = await refresh(signedIn.refreshToken)
    expect(late.refreshExpiresIn).toBeLessThanOrEqual(DAY_MS / 1000)
    clock.ahead = 7 * DAY_MS + 1000
    await expect(refresh(late.refreshToken)).rejects.toMatchObject({ code: 'REFRESH_EXPIRED' })
    clock.ahead = 0
  })

  it('never lets an access token outlive its session', async () => {
    const { signedIn } = await gateway.signUp()
    clock.ahead = 7 * DAY_MS - 60_000
    const last = await refresh(signedIn.refreshToken)
    clock.ahead = 0
    expect(last.expiresIn).toBeLessThanOrEqual(60)
  })

  it('is refused to a disabled account', async () => {
    const { signedIn, actor } = await gateway.signUp()
    await query('update users set disabled_at = now() where id = $1', [actor.userId])
    await expect(refresh(signedIn.refreshToken)).rejects.toMatchObject({ code: 'ACCOUNT_DISABLED' })
  })

  it('sees a new role of the account', async () => {
    const { signedIn, actor } = await gateway.signUp()
    await query("update users set role = 'admin' where id = $1", [actor.userId])
    expect(actorOf(await refresh(signedIn.refreshToken)).role).toBe('admin')
  })
})

describe('a used refresh token that comes back', () => {
  it('ends the session, refuses its access tokens and is counted and audited', async () => {
    const { signedIn, actor } = await gateway.signUp()
    const second = await refresh(signedIn.refreshToken)
    const third = await refresh(second.refreshToken)
    const before = await auth.metric('kinora_auth_refresh_reuse_total')

    await expect(refresh(signedIn.refreshToken)).rejects.toMatchObject({ code: 'REFRESH_REUSED' })

    await expect(refresh(third.refreshToken)).rejects.toMatchObject({ code: 'REFRESH_REUSED' })
    expect(await isRevoked(actor.sessionId)).toBe(true)
    expect(await auth.metric('kinora_auth_refresh_reuse_total')).toBe(before + 1)
    const { items } = await gateway.call(methods.listAudit, {}, actor)
    expect(items.filter((item) => item.action === 'refresh_reuse')).toMatchObject([{ outcome: 'failure' }])
  })

  it('ends only its own session', async () => {
    const { email, signedIn } = await gateway.signUp()
    const other = await gateway.signIn(email)
    const second = await refresh(signedIn.refreshToken)
    await refresh(second.refreshToken)
    await expect(refresh(signedIn.refreshToken)).rejects.toMatchObject({ code: 'REFRESH_REUSED' })
    await expect(refresh(other.signedIn.refreshToken)).resolves.toBeDefined()
  })

  it('is one security event, however often it comes at once', async () => {
    const { signedIn, actor } = await gateway.signUp()
    const second = await refresh(signedIn.refreshToken)
    await refresh(second.refreshToken)
    await Promise.allSettled(Array.from({ length: 8 }, () => refresh(signedIn.refreshToken)))
    const rows = await query('select 1 from revocations where $1 = any(session_ids)', [actor.sessionId])
    expect(rows).toHaveLength(1)
  })
})

describe('a forged refresh token', () => {
  it.each(['', 'AAAA', 'x'.repeat(71), 'é'.repeat(20)].map((token) => token || '-'))(
    'is not valid: %s',
    async (token) => {
      await expect(refresh(token)).rejects.toMatchObject({ code: 'REFRESH_INVALID' })
    },
  )

  it('does no harm to the session that it names', async () => {
    const { signedIn } = await gateway.signUp()
    const bytes = Buffer.from(signedIn.refreshToken, 'base64url')
    for (const at of [20, 30, bytes.length - 1]) {
      const forged = Buffer.from(bytes)
      forged.writeUInt8(forged.readUInt8(at) ^ 1, at)
      await expect(refresh(forged.toString('base64url'))).rejects.toMatchObject({ code: 'REFRESH_INVALID' })
    }
    await expect(refresh(signedIn.refreshToken)).resolves.toBeDefined()
  })

  it('is not made valid by characters that base64 skips', async () => {
    const { signedIn } = await gateway.signUp()
    await expect(refresh(`${signedIn.refreshToken}=`)).rejects.toMatchObject({ code: 'REFRESH_INVALID' })
  })
})
