import type pg from 'pg'

export type TablePrivilege = 'select' | 'insert' | 'update' | 'delete'

/** Exceptions from the default privileges of a service's role: read and write every table. */
export interface SchemaPrivileges {
  tables?: Readonly<Record<string, readonly TablePrivilege[]>>
  /** Functions, by name, that only the role may call; by default PostgreSQL lets every role call a new function. */
  functions?: readonly string[]
}

export interface Grantee {
  schema: string
  role: string
  privileges: SchemaPrivileges
}

const READ_WRITE: readonly TablePrivilege[] = ['select', 'insert', 'update', 'delete']
/** For the table of migrations, which every schema has and only the administrator writes. */
const MIGRATIONS: readonly TablePrivilege[] = ['select']

type Kind = 'table' | 'sequence' | 'function'

/** A table, sequence or function, with the privileges that the role has and those that it should have. */
interface Holding {
  kind: Kind
  name: string
  /** The name in SQL: `media.videos`, `auth.erase_audit_origins(uuid)`. */
  quoted: string
  held: string[]
  due: readonly string[]
  /** Every role may call it. */
  public: boolean
}

interface HoldingRow {
  kind: Kind
  name: string
  quoted: string
  held: string[]
  public: boolean
}

/**
 * Makes the current administrator the owner of everything in the schema, for example after a restore that left another
 * owner. Throws where the administrator may not take over. Returns a line that sums up what was taken over.
 */
export async function takeOwnership(client: pg.Client, schema: string): Promise<string[]> {
  const { rows } = await client.query<{ kind: string; quoted: string; owner: string; may: boolean }>(OTHERS_SQL, [
    schema,
  ])
  const beyond = rows.filter(({ may }) => !may)
  if (beyond.length > 0) {
    const owners = [...new Set(beyond.map(({ owner }) => owner))].join(', ')
    throw new Error(
      `${summary(beyond.map(({ quoted }) => quoted))} belongs to ${owners}, and the administrator of DATABASE_ADMIN_URL may not take it over. Run this as ${owners} or as a superuser`,
    )
  }
  for (const { kind, quoted } of rows) await client.query(`alter ${kind} ${quoted} owner to current_user`)
  if (rows.length === 0) return []
  const owners = [...new Set(rows.map(({ owner }) => owner))].join(', ')
  return [`took over from ${owners}: ${summary(rows.map(({ quoted }) => quoted))}`]
}

/**
 * Grants the role exactly the privileges that it should have on each table, sequence and function. Returns lines that sum up
 * the differences; throws where PostgreSQL refused to repair them.
 */
export async function repairPrivileges(client: pg.Client, grantee: Grantee): Promise<string[]> {
  const wrong = (await holdings(client, grantee)).filter((holding) => !isRight(holding))
  for (const holding of wrong) await setPrivileges(client, holding, grantee.role)
  const still = (await holdings(client, grantee)).filter((holding) => !isRight(holding))
  if (still.length > 0) {
    throw new Error(
      `the privileges of ${grantee.role} on ${summary(still.map(({ quoted }) => quoted))} could not be set; run this as the owner or as a superuser`,
    )
  }
  return describe(wrong, grantee.role)
}

async function holdings(client: pg.Client, { schema, role, privileges }: Grantee): Promise<Holding[]> {
  const { rows } = await client.query<HoldingRow>(HOLDINGS_SQL, [schema, role, privileges.functions ?? []])
  return rows.map((row) => ({ ...row, due: due(row, privileges) }))
}

function due({ kind, name }: HoldingRow, { tables = {} }: SchemaPrivileges): readonly string[] {
  if (kind === 'sequence') return ['usage']
  if (kind === 'function') return ['execute']
  return name === 'migrations' ? MIGRATIONS : (tables[name] ?? READ_WRITE)
}

function isRight({ held, due, public: open }: Holding): boolean {
  return !open && held.length === due.length && due.every((privilege) => held.includes(privilege))
}

async function setPrivileges(client: pg.Client, { kind, quoted, due }: Holding, role: string): Promise<void> {
  const r = client.escapeIdentifier(role)
  const everybody = kind === 'function' ? ', public' : ''
  await client.query(`revoke all on ${kind} ${quoted} from ${r}${everybody}`)
  await client.query(`grant ${due.join(', ')} on ${kind} ${quoted} to ${r}`)
}

function describe(wrong: Holding[], role: string): string[] {
  const granted = byPrivileges(wrong, ({ due, held }) => due.filter((privilege) => !held.includes(privilege)))
  const revoked = byPrivileges(wrong, ({ due, held }) => held.filter((privilege) => !due.includes(privilege)))
  const closed = wrong.filter((holding) => holding.public).map(({ quoted }) => quoted)
  return [
    ...granted.map(([what, names]) => `granted ${what} on ${summary(names)} to ${role}`),
    ...revoked.map(([what, names]) => `revoked ${what} on ${summary(names)} from ${role}`),
    ...(closed.length > 0 ? [`revoked execute on ${summary(closed)} from everybody`] : []),
  ]
}

function byPrivileges(wrong: Holding[], pick: (holding: Holding) => string[]): [string, string[]][] {
  const groups = new Map<string, string[]>()
  for (const holding of wrong) {
    const what = pick(holding).join(', ')
    if (what) groups.set(what, [...(groups.get(what) ?? []), holding.quoted])
  }
  return [...groups]
}

function summary(names: string[]): string {
  const shown = names.slice(0, 4).join(', ')
  return names.length > 4 ? `${shown} and ${names.length - 4} more` : shown
}

/** $1 schema, $2 role, $3 functions. A privilege with grant option, or on single columns, counts as one too many. */
const HOLDINGS_SQL = `
  select case c.relkind when 'S' then 'sequence' else 'table' end as kind, c.relname as name,
    format('%I.%I', n.nspname, c.relname) as quoted,
    array(
      select lower(a.privilege_type) || case when a.is_grantable then ' with grant option' else '' end
      from aclexplode(c.relacl) a where a.grantee = r.oid
      union all
      select lower(a.privilege_type) || ' (' || t.attname || ')'
      from pg_attribute t cross join lateral aclexplode(t.attacl) a where t.attrelid = c.oid and a.grantee = r.oid
      order by 1
    ) as held,
    false as public
  from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_roles r on r.rolname = $2
  where n.nspname = $1 and c.relkind in ('r', 'p', 'v', 'm', 'S')
  union all
  select 'function', p.proname, p.oid::regprocedure::text,
    array(
      select lower(a.privilege_type) || case when a.is_grantable then ' with grant option' else '' end
      from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a where a.grantee = r.oid
    ),
    exists (select 1 from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a where a.grantee = 0)
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_roles r on r.rolname = $2
  where n.nspname = $1 and p.proname = any($3)
  order by 3
`

/** $1 schema. The schema comes first: objects can only be given to a role that may create in it. */
const OTHERS_SQL = `
  select o.kind, o.quoted, w.rolname as owner,
    pg_has_role(current_user, o.owner, 'member') as may
  from (
    select 0 as place, 'schema' as kind, format('%I', nspname) as quoted, nspowner as owner
    from pg_namespace where nspname = $1
    union all
    select 1, case c.relkind when 'S' then 'sequence' when 'v' then 'view' when 'm' then 'materialized view' else 'table' end,
      format('%I.%I', n.nspname, c.relname), c.relowner
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = $1 and c.relkind in ('r', 'p', 'v', 'm', 'S')
      -- The sequence of a column has the owner of its table.
      and not exists (
        select 1 from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype in ('a', 'i')
          and d.refclassid = 'pg_class'::regclass
      )
    union all
    select 2, 'function', p.oid::regprocedure::text, p.proowner
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = $1
  ) o join pg_roles w on w.oid = o.owner
  where w.rolname <> current_user
  order by o.place, o.quoted
`
