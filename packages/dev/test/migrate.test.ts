import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { Lifecycle } from '@kinora/common/service'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { adminPasswords } from '../src/backing/backing.ts'
import { findServerBinaries } from '../src/backing/native/binaries.ts'
import { startNativePostgres } from '../src/backing/native/native-postgres.ts'
import { createDatabase, dropDatabase, onDatabase, provisionDatabase } from '../src/provision/database.ts'
import { databaseUrlFor, SCHEMAS, type SchemaName } from '../src/provision/identities.ts'
import { REPOSITORY } from '../src/repository.ts'

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

/** An empty database for one test. */
async function emptyDatabase(name: string): Promise<string> {
  await createDatabase(adminUrl, name)
  onTestFinished(() => dropDatabase(adminUrl, name))
  return onDatabase(adminUrl, name)
}

async function dump(database: string): Promise<string> {
  const { stdout } = await run(program('pg_dump'), [onDatabase(adminUrl, database)], { maxBuffer: 16 * 1024 ** 2 })
  // Newer versions of pg_dump write a random word there.
  return stdout.replace(/^\\(un)?restrict .*$/gm, '')
}

type Outcome = { code: number; stdout: string; stderr: string }

/** The migrate command of a service, as compose runs it: from its build, in a process of its own. */
async function migrate(schema: SchemaName, database: string, env: Record<string, string> = {}): Promise<Outcome> {
  const own = { DATABASE_ADMIN_URL: onDatabase(adminUrl, database), [PASSWORD_NAMES[schema]]: passwords[schema] }
  const entry = join(REPOSITORY, 'services', schema, 'dist', 'migrate.js')
  return run(process.execPath, [entry], { env: { PATH: process.env.PATH, ...own, ...env } }).then(
    (printed) => ({ code: 0, ...printed }),
    ({ code, stdout, stderr }: Outcome) => ({ code, stdout, stderr }),
  )
}
const PASSWORD_NAMES = { auth: 'AUTH_DB_PASSWORD', media: 'MEDIA_DB_PASSWORD' }

describe('migrating', () => {
  test('an empty database a second time does nothing: the dump has the same bytes', async () => {
    const url = await emptyDatabase('twice')
    const first = await provisionDatabase(url, passwords)
    for (const schema of SCHEMAS) expect(first.join('\n')).toContain(`${schema}: applied `)
    const made = await dump('twice')
    for (const schema of SCHEMAS) expect(made).toContain(`CREATE TABLE ${schema}.migrations`)
    expect(await provisionDatabase(url, passwords)).toEqual([])
    expect(await dump('twice')).toBe(made)
  })

  test.each(SCHEMAS)('%s is refused where an applied migration has another text now', async (schema) => {
    const database = `changed_${schema}`
    const url = await emptyDatabase(database)
    await provisionDatabase(url, passwords)
    await query(url, `update ${schema}.migrations set checksum = repeat('0', 64)`)
    const before = await dump(database)
    await expect(provisionDatabase(url, passwords)).rejects.toThrow(
      `schema "${schema}": the text of applied migrations has changed: 0001`,
    )
    expect(await dump(database)).toBe(before)
  })
})

describe.each(SCHEMAS)('the migrate command of %s', (schema) => {
  const database = `printed_${schema}`
  const role = `kinora_${schema}`

  beforeAll(async () => {
    await createDatabase(adminUrl, database)
    await query(adminUrl, `drop role if exists ${role}`)
  })
  afterAll(() => dropDatabase(adminUrl, database))

  test('prints what it applied, and the next time that there is nothing to do', async () => {
    const first = await migrate(schema, database)
    expect(first).toMatchObject({ code: 0, stderr: '' })
    const [made, applied, ...rest] = first.stdout.trimEnd().split('\n')
    expect(rest).toEqual([])
    expect(made).toBe(`${schema}: created role ${role}`)
    expect(applied).toMatch(new RegExp(`^${schema}: applied \\d+ migrations?: 0001-`))
    expect(await migrate(schema, database)).toEqual({ code: 0, stdout: `${schema}: nothing to do\n`, stderr: '' })
  })

  test('prints what it granted and what it revoked', async () => {
    const url = onDatabase(adminUrl, database)
    await query(
      url,
      `revoke select on ${schema}.migrations from ${role}; grant insert on ${schema}.migrations to ${role}`,
    )
    const { code, stdout, stderr } = await migrate(schema, database)
    expect({ code, stderr, lines: stdout.trimEnd().split('\n').sort() }).toEqual({
      code: 0,
      stderr: '',
      lines: [
        `${schema}: granted select on ${schema}.migrations to ${role}`,
        `${schema}: revoked insert on ${schema}.migrations from ${role}`,
      ],
    })
  })

  test('ends with 1 and the reason where it refuses', async () => {
    await query(
      onDatabase(adminUrl, database),
      `insert into ${schema}.migrations (name, checksum) values ('9999-later', '')`,
    )
    expect(await migrate(schema, database)).toEqual({
      code: 1,
      stdout: '',
      stderr: `schema "${schema}": the database has migrations that this version does not know: 9999-later. A newer version made them; run that one, or restore a dump from before it\n`,
    })
  })

  test('ends with 1 and the names of settings that are missing', async () => {
    const { code, stdout, stderr } = await migrate(schema, database, { DATABASE_ADMIN_URL: '' })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^The configuration is not valid:\n {2}DATABASE_ADMIN_URL: /)
  })
})

test('a dump that is restored before the roles exist has the privileges of a fresh install after migrate', async () => {
  await createDatabase(adminUrl, 'before')
  await provisionDatabase(onDatabase(adminUrl, 'before'), passwords)
  const fresh = await rights('before')
  const file = join(dir, 'dump.sql')
  await run(program('pg_dump'), ['--file', file, onDatabase(adminUrl, 'before')])
  await dropDatabase(adminUrl, 'before')
  await query(adminUrl, 'drop role kinora_auth, kinora_media')

  await createDatabase(adminUrl, 'after')
  const { stderr } = await run(program('psql'), ['--quiet', '--file', file, onDatabase(adminUrl, 'after')])
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
