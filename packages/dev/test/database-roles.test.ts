import pg from 'pg'
import { describe, expect, test } from 'vitest'
import { useTestEnvironment } from '../src/harness/index.ts'
import { onDatabase } from '../src/provision/database.ts'
import type { SchemaName } from '../src/provision/identities.ts'

const world = await useTestEnvironment()

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  return world.use(client, 'client', (it) => it.end())
}

const clients: Record<SchemaName, pg.Client> = {
  auth: await connected(world.databaseUrl('auth')),
  media: await connected(world.databaseUrl('media')),
}
const ROLES = [
  ['auth', 'media'],
  ['media', 'auth'],
] as const

describe.each(ROLES)('the role of %s', (own, other) => {
  const client = clients[own]

  test('connects to no other database of the server', async () => {
    for (const name of ['postgres', 'template1']) {
      const elsewhere = connected(onDatabase(world.databaseUrl(own), name))
      await expect(elsewhere, name).rejects.toThrow('permission denied for database')
    }
  })

  test('has no more on its own database than to connect', async () => {
    const { rows } = await client.query(
      `select has_database_privilege(current_database(), 'create') as create, has_database_privilege(current_database(), 'temporary') as temporary`,
    )
    expect(rows).toEqual([{ create: false, temporary: false }])
  })

  test.each([
    'create temporary table t (id int)',
    'create temporary view v as select 1',
    'create temporary sequence s',
    'create schema mine',
    'create table public.t (id int)',
    `create table ${own}.t (id int)`,
    `create function ${own}.f() returns int language sql as 'select 1'`,
  ])('may not %s', async (statement) => {
    await expect(client.query(statement)).rejects.toThrow(/^permission denied|cannot create temporary/)
  })

  test('calls no function for large objects or advisory locks, whatever it is called', async () => {
    const { rows } = await client.query<{ f: string }>(
      `select oid::regprocedure::text as f from pg_proc where has_function_privilege(oid, 'execute')
        and proname ~ '(advisory|^lo_|^lowrite$|^loread$)'
        and pronamespace = 'pg_catalog'::regnamespace`,
    )
    expect(rows).toEqual([])
    await expect(client.query('select lo_create(0)')).rejects.toThrow('permission denied for function lo_create')
    await expect(client.query('select pg_advisory_lock(1)')).rejects.toThrow('permission denied for function')
  })

  test('takes its own locks by name, and not those of the other', async () => {
    const waiting = await connected(world.databaseUrl(own))
    await client.query('begin')
    await client.query(`select ${own}.lock_name('x')`)
    expect((await waiting.query(`select ${own}.try_lock_name('x') as got`)).rows).toEqual([{ got: false }])
    expect((await clients[other].query(`select ${other}.try_lock_name('x') as got`)).rows).toEqual([{ got: true }])
    await client.query('rollback')
    expect((await waiting.query(`select ${own}.try_lock_name('x') as got`)).rows).toEqual([{ got: true }])
    for (const name of ['lock_name', 'lock_name_shared', 'try_lock_name']) {
      await expect(client.query(`select ${other}.${name}('x')`)).rejects.toThrow('permission denied for schema')
    }
  })
})
