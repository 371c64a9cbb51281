import { createHash } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import pg from 'pg'
import { z } from 'zod'
import { loadConfig } from '../service/config.ts'
import { closeDatabase } from './database-privileges.ts'
import { provisionLocks } from './named-locks.ts'
import { repairPrivileges, type SchemaPrivileges, takeOwnership } from './privileges.ts'

export interface Migration {
  /** `0001-users`: applied in this order, never changed once released. */
  name: string
  sql: string
  /** Names of earlier migrations that together did the same; where all of them were applied, this one counts as applied. */
  replaces?: readonly string[]
}

/** A service's part of the database. */
export interface SchemaDefinition {
  schema: string
  /** The database role that the service connects with; it owns nothing and has access to this schema only. */
  role: string
  migrations: readonly Migration[]
  /** Exceptions from the default: read and write every table, use every sequence. */
  privileges?: SchemaPrivileges
}

/**
 * Creates or upgrades one service's schema and its role as an administrator, and grants the role exactly its privileges,
 * also after a restore that lost them. Returns a line for each change; an empty list when run again. Two runs at once wait
 * for each other on an advisory lock. Each run is one transaction.
 */
export async function provisionSchema(
  adminUrl: string,
  definition: SchemaDefinition,
  password: string,
): Promise<string[]> {
  const client = new pg.Client({ connectionString: adminUrl })
  await client.connect()
  try {
    await client.query('begin')
    await waitForOtherRuns(client)
    const done = await provision(client, definition, password)
    await client.query('commit')
    return done.map((line) => `${definition.schema}: ${line}`)
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw new Error(`schema "${definition.schema}": ${(error as Error).message}`, { cause: error })
  } finally {
    await client.end()
  }
}

/**
 * The program that runs `provisionSchema` once for a service, prints each change and exits. Reads `DATABASE_ADMIN_URL` and the
 * password of the service's role, `AUTH_DB_PASSWORD` or `MEDIA_DB_PASSWORD`, from the environment.
 */
export async function runMigrations(definition: SchemaDefinition): Promise<void> {
  const password = `${definition.schema.toUpperCase()}_DB_PASSWORD`
  const settings = z.object({
    DATABASE_ADMIN_URL: z.url({ protocol: /^postgres(ql)?$/ }),
    [password]: z.string().min(8),
  })
  try {
    const { DATABASE_ADMIN_URL: adminUrl = '', [password]: rolePassword = '' } = loadConfig(settings)
    const done = await provisionSchema(adminUrl, definition, rolePassword)
    process.stdout.write(`${done.join('\n') || `${definition.schema}: nothing to do`}\n`)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
    process.exitCode = 1
  }
}

/** An administrator who is neither superuser nor owner of the database may not take the lock, and continues without it. */
async function waitForOtherRuns(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ may: boolean }>(
    "select has_function_privilege('pg_catalog.pg_advisory_xact_lock(bigint)', 'execute') as may",
  )
  if (rows[0]?.may) await client.query("select pg_advisory_xact_lock(hashtext('kinora-migrations'))")
}

async function provision(client: pg.Client, definition: SchemaDefinition, password: string): Promise<string[]> {
  const { schema, role, privileges = {} } = definition
  const isNewRole = await ensureRole(client, role, password)
  await client.query(`create schema if not exists ${client.escapeIdentifier(schema)}`)
  const taken = await takeOwnership(client, schema)
  await grantSchema(client, definition)
  await provisionLocks(client, definition)
  const closed = await closeDatabase(client, role)
  const isOld = await hasMigrations(client, schema)
  const repaired = isOld ? [...closed, ...(await repairPrivileges(client, { schema, role, privileges }))] : []
  const applied = await applyMigrations(client, definition)
  // Privileges on new tables are not reported; those on older tables were, above.
  await repairPrivileges(client, { schema, role, privileges })
  return [...(isNewRole ? [`created role ${role}`] : []), ...taken, ...repaired, ...applied]
}

/** Creates the role or sets its password. Returns whether it is new. */
async function ensureRole(client: pg.Client, role: string, password: string): Promise<boolean> {
  const { rowCount } = await client.query('select 1 from pg_roles where rolname = $1', [role])
  const verb = rowCount ? 'alter' : 'create'
  await client.query(
    `${verb} role ${client.escapeIdentifier(role)} login nosuperuser nocreatedb nocreaterole password ${client.escapeLiteral(password)}`,
  )
  return rowCount === 0
}

async function grantSchema(client: pg.Client, { schema, role }: SchemaDefinition): Promise<void> {
  const [s, r] = [client.escapeIdentifier(schema), client.escapeIdentifier(role)]
  await client.query('revoke all on schema public from public')
  await client.query(`grant usage on schema ${s} to ${r}`)
  // The service can read and write new tables at once. Privileges beyond its own are revoked after all migrations.
  await client.query(`alter default privileges in schema ${s} grant select, insert, update, delete on tables to ${r}`)
  await client.query(`alter default privileges in schema ${s} grant usage on sequences to ${r}`)
}

async function hasMigrations(client: pg.Client, schema: string): Promise<boolean> {
  const { rowCount } = await client.query(
    "select 1 from pg_tables where schemaname = $1 and tablename = 'migrations'",
    [schema],
  )
  return rowCount === 1
}

async function applyMigrations(client: pg.Client, definition: SchemaDefinition): Promise<string[]> {
  const { schema, migrations } = definition
  await client.query(`set local search_path to ${client.escapeIdentifier(schema)}`)
  await prepareMigrationsTable(client, schema)
  await takeReplacements(client, migrations)
  const applied = await appliedMigrations(client)
  refuseStrangers(applied, migrations)
  const done: string[] = []
  for (const migration of migrations) {
    const before = applied.get(migration.name)
    if (before === undefined) {
      await client.query(migration.sql)
      await client.query('insert into migrations (name, checksum) values ($1, $2)', [migration.name, sumOf(migration)])
      done.push(migration.name)
    } else if (before === null) {
      await client.query('update migrations set checksum = $2 where name = $1', [migration.name, sumOf(migration)])
    }
  }
  if (done.length === 0) return []
  return [`applied ${done.length} migration${done.length > 1 ? 's' : ''}: ${done.join(', ')}`]
}

async function prepareMigrationsTable(client: pg.Client, schema: string): Promise<void> {
  await client.query(
    'create table if not exists migrations (name text primary key, applied_at timestamptz not null default now(), checksum text)',
  )
  // Checked first: the statement would lock the table even without a change, and services read it when they start.
  const { rowCount } = await client.query(
    "select 1 from information_schema.columns where table_schema = $1 and table_name = 'migrations' and column_name = 'checksum'",
    [schema],
  )
  if (rowCount === 0) await client.query('alter table migrations add column checksum text')
}

/** Records a migration instead of those that it replaces, when all of them were applied. */
async function takeReplacements(client: pg.Client, migrations: readonly Migration[]): Promise<void> {
  const applied = await appliedMigrations(client)
  for (const { name, replaces = [] } of migrations) {
    const there = replaces.filter((old) => old !== name && applied.has(old))
    if (there.length === 0) continue
    const missing = replaces.filter((old) => !applied.has(old))
    if (missing.length > 0) {
      throw new Error(
        `${name} replaces migrations of which ${missing.join(', ')} was never applied; upgrade to the version before this one first`,
      )
    }
    await client.query('delete from migrations where name = any($1)', [replaces])
    await client.query('insert into migrations (name) values ($1)', [name])
  }
}

/** Checksums of the applied migrations by name; null where a version without checksums applied them. */
async function appliedMigrations(client: pg.Client): Promise<Map<string, string | null>> {
  const { rows } = await client.query<{ name: string; checksum: string | null }>(
    'select name, checksum from migrations',
  )
  return new Map(rows.map(({ name, checksum }) => [name, checksum]))
}

/** Throws unless the applied migrations are known to this version and unchanged. */
function refuseStrangers(applied: Map<string, string | null>, migrations: readonly Migration[]): void {
  const known = new Map(migrations.map((migration) => [migration.name, sumOf(migration)]))
  const unknown = [...applied.keys()].filter((name) => !known.has(name))
  if (unknown.length > 0) {
    throw new Error(
      `the database has migrations that this version does not know: ${unknown.join(', ')}. A newer version made them; run that one, or restore a dump from before it`,
    )
  }
  const changed = [...applied].filter(([name, checksum]) => checksum !== null && checksum !== known.get(name))
  if (changed.length > 0) {
    throw new Error(
      `the text of applied migrations has changed: ${changed.map(([name]) => name).join(', ')}. An applied migration stays as it is; put the change into a new one`,
    )
  }
}

function sumOf(migration: Migration): string {
  return createHash('sha256').update(migration.sql).digest('hex')
}

/** Throws when the schema is older than this code; the message says what to do. */
export async function assertMigrated<T>(db: Kysely<T>, { schema, migrations }: SchemaDefinition): Promise<void> {
  const { rows } = await sql<{ name: string }>`select name from migrations`.execute(db)
  const applied = new Set(rows.map((row) => row.name))
  const missing = migrations.filter((migration) => !applied.has(migration.name)).map((migration) => migration.name)
  if (missing.length > 0) {
    throw new Error(`schema "${schema}" lacks ${missing.join(', ')}; run this service's migrate command first`)
  }
}
