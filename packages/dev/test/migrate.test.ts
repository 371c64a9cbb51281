import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { Lifecycle } from '@kinora/common/service'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { adminPasswords } from '../src/backing/admin-passwords.ts'
import { findServerBinaries } from '../src/backing/native/binaries.ts'
import { startNativePostgres } from '../src/backing/native/native-postgres.ts'
import { createDatabase, dropDatabase, onDatabase, provisionDatabase } from '../src/provision/database.ts'
import { databaseUrlFor } from '../src/provision/urls.ts'

// A server of its own: roles belong to the server, and here they are dropped.
const life = new Lifecycle()
afterAll(() => life.close())
const dir = life.use(mkdtempSync(join(tmpdir(), 'kinora-restore-')), 'folder', (it) => rmSync(it, { recursive: true }))
const options = { dir, durable: false, log: () => {}, passwords: adminPasswords(dir) }
const binaries = await findServerBinaries(options.log)
const { adminUrl } = life.use(await startNativePostgres({ ...options, binaries }), 'postgres', ({ control }) =>
  control.kill(),
)
const run = promisify(execFile)
const program = (name: string) => join(dirname(binaries.postgres), name)
const passwords = { auth: 'password-of-auth', media: 'password-of-media' }

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(sql)).rows as Record<string, unknown>[]
  } finally {
    await client.end()
  }
}

/** Every owner and every privilege in a database, a line each. */
async function rights(database: string): Promise<unknown[]> {
  const rows = await query(
    onDatabase(adminUrl, database),
    `with acls as (
       select 'schema ' || nspname as what, nspowner as owner, nspacl as acl from pg_namespace where nspname in ('auth', 'media', 'public')
       union all
       select c.relkind::text || ' ' || c.oid::regclass::text, c.relowner, c.relacl from pg_class c
         where c.relnamespace in ('auth'::regnamespace, 'media'::regnamespace) and c.relkind in ('r', 'S')
       union all
       select 'column ' || attrelid::regclass::text || '.' || attname, null, attacl from pg_attribute where attacl is not null
         and attrelid >= 16384
       union all
       select 'function ' || oid::regprocedure::text, proowner, proacl from pg_proc
         where pronamespace in ('auth'::regnamespace, 'media'::regnamespace)
       union all
       select 'default ' || defaclnamespace::regnamespace::text || ' ' || defaclobjtype::text, defaclrole, defaclacl from pg_default_acl
     )
     select what, owner::regrole::text, (select array_agg(item::text order by item::text) from unnest(acl) item)::text as acl
       from acls order by what`,
  )
  return rows
}

test('a dump that is restored before the roles exist has the privileges of a fresh install after migrate', async () => {
  await createDatabase(adminUrl, 'before')
  await provisionDatabase(onDatabase(adminUrl, 'before'), passwords)
  const fresh = await rights('before')
  const dump = join(dir, 'dump.sql')
  await run(program('pg_dump'), ['--file', dump, onDatabase(adminUrl, 'before')])
  await dropDatabase(adminUrl, 'before')
  await query(adminUrl, 'drop role kinora_auth, kinora_media')

  await createDatabase(adminUrl, 'after')
  const { stderr } = await run(program('psql'), ['--quiet', '--file', dump, onDatabase(adminUrl, 'after')])
  expect(stderr).toContain('role "kinora_media" does not exist')

  const done = await provisionDatabase(onDatabase(adminUrl, 'after'), passwords)
  expect(done).toContain('auth: created role kinora_auth')
  expect(done.join('\n')).toContain('auth: granted select, insert on auth.audit_log to kinora_auth')
  expect(done.join('\n')).toMatch(
    /media: granted select, insert, update, delete on media\..* and \d+ more to kinora_media/,
  )
  expect(await rights('after')).toEqual(fresh)
  expect(await provisionDatabase(onDatabase(adminUrl, 'after'), passwords)).toEqual([])

  const asAuth = databaseUrlFor(adminUrl, 'after', 'auth', passwords)
  expect(await query(asAuth, 'select 1 as one from auth.migrations limit 1')).toEqual([{ one: 1 }])
  await expect(query(asAuth, 'delete from auth.audit_log')).rejects.toThrow('permission denied')
})
