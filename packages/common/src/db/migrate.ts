import { type Kysely, sql } from 'kysely'
import pg from 'pg'

export interface Migration {
  /** `0001-users`: applied in this order, never changed once released. */
  name: string
  sql: string
}

/** All that a service's part of the database is made of. */
export interface SchemaDefinition {
  schema: string
  /** The database role that the service connects with; owns nothing, reaches this schema only. */
  role: string
  migrations: readonly Migration[]
}

/**
 * Makes or upgrades one service's schema and its role, as an administrator. Two at once wait for each other on an
 * advisory lock; run again it changes nothing. Migrations run in one transaction: all or none.
 */
export async function provisionSchema(adminUrl: string, definition: SchemaDefinition, password: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl })
  await client.connect()
  try {
    await client.query('begin')
    await client.query("select pg_advisory_xact_lock(hashtext('kinora-migrations'))")
    await ensureRole(client, definition.role, password)
    await ensureSchema(client, definition)
    await applyMigrations(client, definition)
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  } finally {
    await client.end()
  }
}

async function ensureRole(client: pg.Client, role: string, password: string): Promise<void> {
  const { rowCount } = await client.query('select 1 from pg_roles where rolname = $1', [role])
  const verb = rowCount ? 'alter' : 'create'
  await client.query(
    `${verb} role ${client.escapeIdentifier(role)} login nosuperuser nocreatedb nocreaterole password ${client.escapeLiteral(password)}`,
  )
}

async function ensureSchema(client: pg.Client, { schema, role }: SchemaDefinition): Promise<void> {
  const [s, r] = [client.escapeIdentifier(schema), client.escapeIdentifier(role)]
  await client.query(`create schema if not exists ${s}`)
  await client.query('revoke all on schema public from public')
  await client.query(`grant usage on schema ${s} to ${r}`)
  // New tables are readable and writable for the service; a migration takes back what is too much (an audit log).
  await client.query(`alter default privileges in schema ${s} grant select, insert, update, delete on tables to ${r}`)
  await client.query(`alter default privileges in schema ${s} grant usage on sequences to ${r}`)
}

async function applyMigrations(client: pg.Client, { schema, role, migrations }: SchemaDefinition): Promise<void> {
  await client.query(`set local search_path to ${client.escapeIdentifier(schema)}`)
  await client.query(
    'create table if not exists migrations (name text primary key, applied_at timestamptz not null default now())',
  )
  await client.query(`revoke insert, update, delete on migrations from ${client.escapeIdentifier(role)}`)
  const { rows } = await client.query<{ name: string }>('select name from migrations')
  const applied = new Set(rows.map((row) => row.name))
  for (const migration of migrations) {
    if (applied.has(migration.name)) continue
    await client.query(migration.sql)
    await client.query('insert into migrations (name) values ($1)', [migration.name])
  }
}

/** Refuses to run on a schema that is older than this code; the message says what to do. */
export async function assertMigrated<T>(db: Kysely<T>, { schema, migrations }: SchemaDefinition): Promise<void> {
  const { rows } = await sql<{ name: string }>`select name from migrations`.execute(db)
  const applied = new Set(rows.map((row) => row.name))
  const missing = migrations.filter((migration) => !applied.has(migration.name)).map((migration) => migration.name)
  if (missing.length > 0) {
    throw new Error(`schema "${schema}" lacks ${missing.join(', ')}; run this service's migrate command first`)
  }
}
