import type { Output } from '@kinora/common/contract'
import { auth as methods } from '@kinora/common/contracts'
import { createTestEnvironment } from '@kinora/dev/harness'
import pg from 'pg'
import { describe, expect, it, onTestFinished } from 'vitest'
import { connectGateway } from './support/gateway.ts'
import { withTestAuth } from './support/start-test-auth.ts'
import { useAuth } from './support/use-auth.ts'

const { world, auth, gateway, query } = await useAuth()
const operator = { kind: 'service', name: 'operator' } as const

type Verification = Output<typeof methods.verifyAudit>

async function verify(after?: Verification['verified'], on = gateway): Promise<Verification> {
  const page = await on.call(methods.verifyAudit, after ? { after } : {}, operator)
  return page.complete ? page : await verify(page.verified, on)
}

/** Runs `damage` as the database's owner, verifies the log after `noted`, and undoes the damage. */
async function foundAfter(damage: string, noted?: Verification['verified']): Promise<Verification['problem']> {
  await query('create table kept_log as select * from audit_log')
  await query('create table kept_head as select * from audit_head')
  try {
    await query(damage)
    return (await verify(noted)).problem
  } finally {
    await query('delete from audit_log')
    await query('insert into audit_log select * from kept_log')
    await query('update audit_head set (sequence, hash) = (select sequence, hash from kept_head)')
    await query('drop table kept_log, kept_head')
  }
}

const { actor } = await gateway.signUp()
for (let i = 0; i < 6; i++) await gateway.call(methods.updateMe, { displayName: `Ann ${i}` }, actor)
const last = (await verify()).verified.sequence

describe('the chain of the audit log', () => {
  it('holds, also when many write at once, and numbers rows without gaps', async () => {
    await Promise.all(Array.from({ length: 12 }, () => gateway.call(methods.updateMe, { displayName: 'Ann' }, actor)))
    await query('alter table users add constraint nobody check (display_name is null) not valid')
    await gateway.call(methods.updateMe, { displayName: 'Ann' }, actor).catch(() => {})
    await query('alter table users drop constraint nobody')
    await gateway.call(methods.updateMe, { displayName: 'Ann' }, actor)
    const { problem, verified } = await verify()
    expect(problem).toBeNull()
    expect(await query('select count(*)::int, max(sequence)::int from audit_log')).toEqual([
      { count: verified.sequence, max: verified.sequence },
    ])
  })

  it.each([
    ['action', "'login'"],
    ['outcome', "'failure'"],
    ['code', "'X'"],
    ['at', "at + interval '1 microsecond'"],
    ['user_id', 'gen_random_uuid()'],
    ['session_id', 'gen_random_uuid()'],
    ['actor_id', "'somebody'"],
    ['request_id', "'another'"],
    ['ip', "'192.0.2.1'"],
    ['user_agent', "'another'"],
    ['personal_digest', "'x'"],
    ['id', 'gen_random_uuid()'],
  ])('tells which row had its %s changed', async (column, value) => {
    const found = await foundAfter(`update audit_log set ${column} = ${value} where sequence = 3`)
    expect(found).toEqual({ kind: 'changed', sequence: 3 })
  })

  it('tells which row was removed', async () => {
    expect(await foundAfter('delete from audit_log where sequence in (4, 5)')).toEqual({ kind: 'missing', sequence: 4 })
  })

  it('tells where rows were removed although those behind them were renumbered', async () => {
    const damage = 'delete from audit_log where sequence = 4; update audit_log set sequence = 4 where sequence = 5'
    expect(await foundAfter(damage)).toEqual({ kind: 'changed', sequence: 4 })
  })

  it('tells where rows have changed places', async () => {
    const swap =
      'update audit_log set sequence = -3 where sequence = 3; update audit_log set sequence = 3 where sequence = 4; update audit_log set sequence = 4 where sequence = -3'
    expect(await foundAfter(swap)).toEqual({ kind: 'changed', sequence: 3 })
  })

  it('tells that the end is missing', async () => {
    const { sequence } = (await verify()).verified
    expect(await foundAfter(`delete from audit_log where sequence > ${sequence - 2}`)).toEqual({
      kind: 'missing',
      sequence: sequence - 1,
    })
  })

  it('tells that the end is missing although the head was set back, to who has noted an earlier head', async () => {
    const noted = (await verify()).verified
    const damage = `delete from audit_log where sequence > ${last};
      update audit_head set (sequence, hash) = (select sequence, hash from audit_log where sequence = ${last})`
    expect(await foundAfter(damage, noted)).toEqual({ kind: 'head', sequence: last })
    expect((await verify(noted)).problem).toBeNull()
  })

  it('cannot be computed again without the secret', async () => {
    const other = { KEY_ENCRYPTION_KEY: Buffer.alloc(32, 'x').toString('base64') }
    await expect(withTestAuth(world, { config: other })).rejects.toThrow()
    expect(await foundAfter('update audit_log set hash = sha256(hash) where sequence = 2')).toEqual({
      kind: 'changed',
      sequence: 2,
    })
  })

  it('is the business of operators', async () => {
    const { actor: admin } = await gateway.signUpAdmin()
    await expect(gateway.call(methods.verifyAudit, {}, admin)).rejects.toMatchObject({ code: 'FORBIDDEN' })
  })
})

describe('erasing where a user came from', () => {
  it('leaves the rows, and the chain holds', async () => {
    const { actor: leaving } = await gateway.signUp()
    await auth.ctx.transact(null, (work) => work.audit.eraseOrigins(leaving.userId))
    const [row] = await query('select ip, user_agent, personal_salt from audit_log where user_id = $1', [
      leaving.userId,
    ])
    expect(row).toEqual({ ip: null, user_agent: null, personal_salt: null })
    expect(await query('select 1 from audit_log where user_id = $1 and ip is not null', [actor.userId])).not.toEqual([])
    expect((await verify()).problem).toBeNull()
  })
})

describe('rows that are older than the chain', () => {
  it('are chained when auth starts for the first time on it, and never again', async () => {
    const old = await createTestEnvironment(world.backing)
    onTestFinished(() => old.remove())
    const admin = new pg.Pool({ connectionString: old.adminDatabaseUrl, options: '-c search_path=auth', max: 1 })
    onTestFinished(() => admin.end())
    const insert = (from: number, to: number) =>
      admin.query(
        `insert into audit_log_unchained (sequence, id, at, action, outcome, ip, request_id)
           select n * 3, gen_random_uuid(), now(), 'login', 'success', '192.0.2.1', 'r' from generate_series($1::int, $2::int) n`,
        [from, to],
      )
    await insert(1, 1200)
    await withTestAuth(old)
    const asGateway = await connectGateway(old)
    onTestFinished(() => asGateway.bus.drain())
    expect(await verify(undefined, asGateway)).toMatchObject({ problem: null, verified: { sequence: 1200 } })
    await insert(1201, 1201)
    await withTestAuth(old)
    expect((await verify(undefined, asGateway)).verified.sequence).toBe(1200)
  })
})
