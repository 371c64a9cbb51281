import type pg from 'pg'

/** Databases that every server has and Kinora does not use. */
const MAINTENANCE = ['postgres', 'template1']

/**
 * Functions outside the services' schemas that a service's role must not call: large objects belong to the whole database, and
 * every role that knows its number can take an advisory lock (services use `named-locks.ts`).
 */
const OPEN_FUNCTIONS = '^(lo_|lowrite$|loread$|pg_(try_)?advisory_)'

/**
 * Takes from every role what PostgreSQL gives to everybody in a database: connecting, temporary tables, large objects and
 * advisory locks, and lets `role` connect. The server's maintenance databases are closed as well, unless a role that is not
 * Kinora's signs in to this server and may need them. Leaves what the administrator may not change. Returns a line for each
 * change that an older database needed.
 */
export async function closeDatabase(client: pg.Client, role: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>('select current_database() as name')
  const name = rows[0]?.name ?? ''
  return [
    ...(await allowOnly(client, name, [role])),
    ...(await closeFunctions(client)),
    ...(await closeMaintenance(client)),
  ]
}

/** Lets only these roles connect to the database, and those to which that was granted by name. */
export async function allowOnly(client: pg.Client, database: string, roles: readonly string[]): Promise<string[]> {
  const d = client.escapeIdentifier(database)
  for (const role of roles) {
    await client.query(`grant connect on database ${d} to ${client.escapeIdentifier(role)}`)
  }
  const { rows } = await client.query<{ open: string | null }>(
    `select string_agg(lower(a.privilege_type), ', ' order by a.privilege_type) as open
       from pg_database d cross join lateral aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
      where d.datname = $1 and a.grantee = 0 and pg_has_role(current_user, d.datdba, 'usage')`,
    [database],
  )
  const open = rows[0]?.open
  if (!open) return []
  await client.query(`revoke all on database ${d} from public`)
  return [`revoked ${open} on database ${database} from everybody`]
}

async function closeFunctions(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ quoted: string }>(
    `select p.oid::regprocedure::text as quoted
       from pg_proc p cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
      where p.pronamespace = 'pg_catalog'::regnamespace and p.proname ~ $1 and a.grantee = 0
        and pg_has_role(current_user, p.proowner, 'usage')
      order by 1`,
    [OPEN_FUNCTIONS],
  )
  if (rows.length === 0) return []
  const functions = rows.map(({ quoted }) => `pg_catalog.${quoted}`)
  await client.query(`revoke execute on function ${functions.join(', ')} from public`)
  // For a migration by the database's owner, where that is no superuser.
  await client.query('grant execute on function pg_catalog.pg_advisory_xact_lock(bigint) to pg_database_owner')
  return [`revoked execute on ${rows.length} functions for large objects and advisory locks from everybody`]
}

async function closeMaintenance(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select d.datname as name from pg_database d
      where d.datname = any($1) and d.datname <> current_database()
        and not exists (
          select from pg_roles r where r.rolcanlogin and not r.rolsuper and r.rolname !~ '^kinora_' and r.rolname <> current_user
        )`,
    [MAINTENANCE],
  )
  const done: string[] = []
  for (const { name } of rows) done.push(...(await allowOnly(client, name, [])))
  return done
}
