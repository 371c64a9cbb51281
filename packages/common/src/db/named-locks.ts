import { type Kysely, sql } from 'kysely'
import type pg from 'pg'

/** Each function, with PostgreSQL's own and what it returns. */
const FUNCTIONS = [
  ['lock_name', 'pg_advisory_xact_lock', 'void'],
  ['lock_name_shared', 'pg_advisory_xact_lock_shared', 'void'],
  ['try_lock_name', 'pg_try_advisory_xact_lock', 'boolean'],
] as const

/**
 * Gives a schema its own locks by name. A database has one space of advisory locks for all its roles, so a role that may call
 * PostgreSQL's functions can hold the locks of another service. Those are closed (see `database-privileges.ts`), and these
 * take a name in the space of their schema, and are its role's alone.
 */
export async function provisionLocks(
  client: pg.Client,
  { schema, role }: { schema: string; role: string },
): Promise<void> {
  const [s, r] = [client.escapeIdentifier(schema), client.escapeIdentifier(role)]
  const space = client.escapeLiteral(`kinora ${schema}`)
  for (const [name, original, type] of FUNCTIONS) {
    const f = `${s}.${name}(text)`
    await client.query(`create or replace function ${f} returns ${type}
      language sql volatile security definer set search_path = pg_catalog
      as $$ select ${original}(hashtext(${space}), hashtext($1)) $$`)
    await client.query(`revoke all on function ${f} from public`)
    await client.query(`grant execute on function ${f} to ${r}`)
  }
}

/** Waits for the lock of this name in the service's schema, and holds it until the transaction ends. */
export async function lockName<T>(tx: Kysely<T>, name: string): Promise<void> {
  await sql`select lock_name(${name})`.execute(tx)
}

/** The same, beside others that hold it shared. */
export async function lockNameShared<T>(tx: Kysely<T>, name: string): Promise<void> {
  await sql`select lock_name_shared(${name})`.execute(tx)
}

/** The same as `lockName`, without waiting: false if another transaction holds it. */
export async function tryLockName<T>(tx: Kysely<T>, name: string): Promise<boolean> {
  const { rows } = await sql<{ locked: boolean }>`select try_lock_name(${name}) as locked`.execute(tx)
  return rows[0]?.locked ?? false
}
