import { auth as methods } from '@kinora/common/contracts'
import { until } from '@kinora/dev/harness'
import { describe, expect, it } from 'vitest'
import { cleanUp } from '../src/background/clean-up.ts'
import { withTestAuth } from './support/start-test-auth.ts'
import { useAuth } from './support/use-auth.ts'

const { world, auth, gateway, query } = await useAuth()

const count = async (table: string) => Number((await query(`select count(*) n from ${table}`))[0]?.n)
const removed = (what: string) => auth.metric('kinora_auth_cleanup_removed_total', { what })

describe('the clean-up', () => {
  it('removes what has expired, in batches, counts it, and leaves what is alive', async () => {
    const { signedIn, actor } = await gateway.signUp()
    await insertExpired(actor.sessionId, 2500)
    await cleanUp(auth.ctx)
    expect([await count('sessions'), await count('revocations')]).toEqual([1, 0])
    expect([await removed('sessions'), await removed('revocations')]).toEqual([2500, 2500])
    await expect(gateway.call(methods.refresh, { refreshToken: signedIn.refreshToken })).resolves.toBeDefined()
  })

  it('keeps an expired session for a week, so that it can say what happened', async () => {
    const { signedIn, actor } = await gateway.signUp()
    await query("update sessions set expires_at = now() - interval '6 days' where id = $1", [actor.sessionId])
    await cleanUp(auth.ctx)
    const attempt = () => gateway.call(methods.refresh, { refreshToken: signedIn.refreshToken })
    await expect(attempt()).rejects.toMatchObject({ code: 'REFRESH_EXPIRED' })
    await query("update sessions set expires_at = now() - interval '8 days' where id = $1", [actor.sessionId])
    await cleanUp(auth.ctx)
    await expect(attempt()).rejects.toMatchObject({ code: 'REFRESH_INVALID' })
  })

  it('keeps a revocation until the last access token of the session has expired', async () => {
    const { actor } = await gateway.signUp()
    await gateway.call(methods.logout, {}, actor)
    await cleanUp(auth.ctx)
    expect(await query('select 1 from revocations where $1 = any(session_ids)', [actor.sessionId])).toHaveLength(1)
  })

  it('never touches the audit log', async () => {
    await gateway.signUp()
    await query("update audit_log set at = 'epoch'")
    const before = await count('audit_log')
    await cleanUp(auth.ctx)
    expect(await count('audit_log')).toBe(before)
  })

  it('is done by one process at a time', async () => {
    const { actor } = await gateway.signUp()
    await insertExpired(actor.sessionId, 1)
    await auth.ctx.transact(null, async (work) => {
      expect(await work.tryLock('clean-up')).toBe(true)
      const before = await removed('sessions')
      await cleanUp(auth.ctx)
      expect(await removed('sessions')).toBe(before)
    })
    const before = await removed('sessions')
    await Promise.all([cleanUp(auth.ctx), cleanUp(auth.ctx), cleanUp(auth.ctx)])
    expect(await removed('sessions')).toBe(before + 1)
  })

  it('runs by itself at every interval', async () => {
    const { actor } = await gateway.signUp()
    await withTestAuth(world, { config: { CLEANUP_INTERVAL_MS: 100 } })
    for (let round = 0; round < 2; round++) {
      await insertExpired(actor.sessionId, 1)
      await until(async () => (await query('select 1 from sessions where expires_at < now()')).length === 0)
    }
  })
})

async function insertExpired(likeSessionId: string, rows: number): Promise<void> {
  await query(
    `insert into sessions select gen_random_uuid(), user_id, 0, refresh_salt, amr, ip, user_agent, created_at,
       last_used_at, now() - interval '8 days', now() from sessions, generate_series(1, $2) where id = $1`,
    [likeSessionId, rows],
  )
  await query(
    `insert into revocations select -n, array[gen_random_uuid()], 'logout', now(), now() - interval '1 second'
       from generate_series((select coalesce(-min(sequence), 0) + 1 from revocations), $1::int) n`,
    [rows],
  )
}
