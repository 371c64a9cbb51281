import { createHash } from 'node:crypto'
import { auth as methods } from '@kinora/common/contracts'
import { until } from '@kinora/dev/harness'
import pg from 'pg'
import { expect, it } from 'vitest'
import { PASSWORD } from './support/gateway.ts'
import { useAuth } from './support/use-auth.ts'

const { world, gateway, query } = await useAuth()
const NEW_PASSWORD = 'another harbour at dusk'
const TIMEOUT_MS = 4000

/** Everything that is kept of an account, as text. */
async function stateOf(userId: string): Promise<string> {
  const state: Record<string, unknown> = { users: await query('select * from users where id = $1', [userId]) }
  for (const table of ['api_keys', 'sessions', 'passkeys', 'totp_factors', 'mail_tokens', 'mail_queue', 'audit_log']) {
    state[table] = await query(`select * from ${table} where user_id = $1 order by 1`, [userId])
  }
  return JSON.stringify(state)
}

async function waiting(): Promise<number> {
  const [row] = await query<{ n: number }>(
    "select count(*)::int n from pg_stat_activity where wait_event_type = 'Lock'",
  )
  return row?.n ?? 0
}

it('what was answered with a timeout is not done afterwards', async () => {
  const { actor } = await gateway.signUp()
  const { userId } = actor
  const { id: keyId } = await gateway.call(methods.createApiKey, { name: 'a', scopes: ['videos:read'] }, actor)
  const token = 'a token out of a mail'
  await query("insert into mail_tokens values ($1, 'reset_password', $2, now() + interval '1 hour')", [
    userId,
    createHash('sha256').update(token).digest(),
  ])
  await until(async () => (await query('select 1 from mail_queue')).length === 0)
  const before = await stateOf(userId)

  const holder = new pg.Client({ connectionString: world.adminDatabaseUrl, options: '-c search_path=auth' })
  await holder.connect()
  await holder.query('begin')
  await holder.query('select 1 from users where id = $1 for update', [userId])
  const change = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD }
  const attempts = [
    gateway.call(methods.changePassword, change, actor, TIMEOUT_MS),
    gateway.call(methods.resetPassword, { token, password: NEW_PASSWORD }, undefined, TIMEOUT_MS),
    gateway.call(methods.eraseMe, { password: PASSWORD }, actor, TIMEOUT_MS),
    gateway.call(methods.createApiKey, { name: 'b', scopes: ['videos:read'] }, actor, TIMEOUT_MS),
    gateway.call(methods.revokeApiKey, { keyId }, actor, TIMEOUT_MS),
    gateway.call(methods.logoutAll, { revokeApiKeys: true }, actor, TIMEOUT_MS),
    gateway.call(methods.setUpTotp, {}, actor, TIMEOUT_MS),
    gateway.call(methods.updateMe, { displayName: 'Changed' }, actor, TIMEOUT_MS),
  ]
  const outcomes = Promise.allSettled(attempts)
  await until(async () => (await waiting()) >= attempts.length)
  for (const outcome of await outcomes) expect(outcome).toMatchObject({ reason: { code: 'TIMEOUT' } })
  // The service counts from the arrival of a call, a moment later than its caller.
  const answeredAt = performance.now()
  await until(() => performance.now() > answeredAt + 500)
  await holder.query('rollback')
  await holder.end()

  await until(async () => (await waiting()) === 0)
  await query('select 1 from users where id = $1 for update', [userId])
  expect(await stateOf(userId)).toBe(before)
})
