import { randomBytes } from 'node:crypto'
import { provisionSchema, type SchemaDefinition } from '@kinora/common/db'
import { useTestEnvironment } from '@kinora/dev/harness'
import pg from 'pg'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'

const world = await useTestEnvironment()
const admin = new pg.Client({ connectionString: world.adminDatabaseUrl })
await admin.connect()

// Roles are the server's, which other tests use at the same time.
const suffix = randomBytes(4).toString('hex')
const role = `sample_${suffix}`
const other = `other_${suffix}`
const PASSWORD = 'only-a-test'

const notes = { name: '0001-notes', sql: 'create table notes (id int generated always as identity, text text)' }
const journal = {
  name: '0002-journal',
  sql: `create table journal (id int);
        create function forget() returns int language sql security definer as 'select 1'`,
}
const privileges = { tables: { journal: ['select', 'insert'] }, functions: ['forget'] } as const
const sample: SchemaDefinition = { schema: 'sample', role, migrations: [notes, journal], privileges }

beforeEach(async () => {
  await admin.query('drop schema if exists sample cascade')
  await dropRoles()
})

afterAll(async () => {
  await admin.query('drop schema if exists sample cascade')
  await dropRoles()
  await admin.end()
})

async function dropRoles(): Promise<void> {
  for (const name of [role, other]) {
    const { rowCount } = await admin.query('select 1 from pg_roles where rolname = $1', [name])
    if (rowCount) await admin.query(`drop owned by ${name}; drop role ${name}`)
  }
}

function provision(change: Partial<SchemaDefinition> = {}): Promise<string[]> {
  return provisionSchema(world.adminDatabaseUrl, { ...sample, ...change }, PASSWORD)
}

async function held(): Promise<Record<string, string>> {
  const { rows } = await admin.query<{ name: string; held: string }>(
    `select c.relname as name, string_agg(a.privilege_type, ' ' order by a.privilege_type) as held
       from pg_class c cross join lateral aclexplode(c.relacl) a join pg_roles r on r.oid = a.grantee
      where c.relnamespace = 'sample'::regnamespace and r.rolname = $1 group by 1`,
    [role],
  )
  return Object.fromEntries(rows.map(({ name, held }) => [name, held]))
}

const RIGHT = {
  journal: 'INSERT SELECT',
  migrations: 'SELECT',
  notes: 'DELETE INSERT SELECT UPDATE',
  notes_id_seq: 'USAGE',
}

describe('migrations', () => {
  test('are applied once, and named', async () => {
    expect(await provision()).toEqual([
      `sample: created role ${role}`,
      'sample: applied 2 migrations: 0001-notes, 0002-journal',
    ])
    expect(await provision()).toEqual([])
  })

  test('that were applied may not change', async () => {
    await provision()
    const changed = provision({ migrations: [{ ...notes, sql: `${notes.sql} ` }, journal] })
    await expect(changed).rejects.toThrow('the text of applied migrations has changed: 0001-notes')
  })

  test('that only a newer version knows stop an older one', async () => {
    await provision()
    await expect(provision({ migrations: [notes] })).rejects.toThrow('does not know: 0002-journal')
  })

  test('of a version without checksums are given theirs', async () => {
    await provision()
    await admin.query('alter table sample.migrations drop column checksum')
    expect(await provision()).toEqual([])
    const { rows } = await admin.query('select length(checksum) as length from sample.migrations')
    expect(rows).toEqual([{ length: 64 }, { length: 64 }])
  })

  test('that one replaces count as that one where all were applied, and are refused where some were', async () => {
    const whole = { name: '0001-whole', sql: `${notes.sql};${journal.sql}`, replaces: [notes.name, journal.name] }
    await provision({ migrations: [notes] })
    await expect(provision({ migrations: [whole] })).rejects.toThrow('of which 0002-journal was never applied')
    await provision()
    expect(await provision({ migrations: [whole] })).toEqual([])
    const { rows } = await admin.query('select name from sample.migrations')
    expect(rows).toEqual([{ name: '0001-whole' }])
  })

  test('are all undone when one fails', async () => {
    const broken = { name: '0003-broken', sql: 'select 1 / 0' }
    await expect(provision({ migrations: [notes, broken] })).rejects.toThrow('schema "sample": division by zero')
    expect((await admin.query("select to_regnamespace('sample') as found")).rows).toEqual([{ found: null }])
  })
})

describe('privileges', () => {
  test('are those of the definition', async () => {
    await provision()
    expect(await held()).toEqual(RIGHT)
  })

  test('that are missing are granted, those that are too many revoked', async () => {
    await provision()
    await admin.query(`revoke all on all tables in schema sample from ${role}`)
    await admin.query(`revoke all on all sequences in schema sample from ${role}`)
    await admin.query(`grant select, insert, update on sample.journal to ${role}`)
    await admin.query(`grant update (text) on sample.notes to ${role}`)
    await admin.query('grant execute on function sample.forget to public')
    const done = await provision()
    expect(done).toContain(`sample: granted usage on sample.notes_id_seq to ${role}`)
    expect(done).toContain(`sample: revoked update on sample.journal from ${role}`)
    expect(done).toContain('sample: revoked execute on sample.forget() from everybody')
    expect(await held()).toEqual(RIGHT)
    expect(await provision()).toEqual([])
  })

  test('of other roles stay', async () => {
    await provision()
    await admin.query(`create role ${other}; grant select on sample.notes to ${other}`)
    expect(await provision()).toEqual([])
    const { rows } = await admin.query('select has_table_privilege($1, $2, $3) as may', [
      other,
      'sample.notes',
      'select',
    ])
    expect(rows).toEqual([{ may: true }])
  })
})

describe('tables of somebody else', () => {
  test('are taken over by an administrator who may', async () => {
    await provision()
    await admin.query(`alter table sample.notes owner to ${role}; alter function sample.forget owner to ${role}`)
    expect(await provision()).toContain(`sample: took over from ${role}: sample.notes, sample.forget()`)
    expect(await held()).toEqual(RIGHT)
    expect(await provision()).toEqual([])
  })

  test('stop one who may not', async () => {
    await provision()
    await admin.query(`create role ${other} login superuser password '${PASSWORD}'`)
    const url = new URL(world.adminDatabaseUrl)
    url.username = other
    url.password = PASSWORD
    await admin.query(
      `alter role ${other} nosuperuser createrole; grant create, connect on database ${world.name} to ${other}`,
    )
    const asOther = provisionSchema(url.href, { ...sample, role: `third_${suffix}` }, PASSWORD)
    await expect(asOther).rejects.toThrow(/^schema "sample": sample.* belongs to .*may not take it over/)
  })
})

describe('a database that is open to everybody', () => {
  test('is closed, and says so', async () => {
    await provision()
    await admin.query(`grant connect, temporary on database ${world.name} to public`)
    await admin.query('grant execute on function pg_catalog.lo_create(oid) to public')
    expect(await provision()).toEqual([
      `sample: revoked connect, temporary on database ${world.name} from everybody`,
      'sample: revoked execute on 1 functions for large objects and advisory locks from everybody',
    ])
    expect(await provision()).toEqual([])
  })
})
