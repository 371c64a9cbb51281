import { type Selectable, sql } from 'kysely'
import type { Db, InstallationTable } from '../db/schema.ts'

export type InstallationRow = Selectable<InstallationTable>

/** A revision is replaced by the first process that looks after this time. */
const REVISE_SECONDS = 55

/**
 * The one row, which the migrations insert. A database that lost it gets a new id: a store whose marker has the old one
 * then belongs to another installation, and nothing in it is read, written or removed until an operator decides.
 */
export async function findInstallation(db: Db): Promise<InstallationRow> {
  const found = await db.selectFrom('installation').selectAll().executeTakeFirst()
  if (found) return found
  await sql`insert into installation default values on conflict do nothing`.execute(db)
  return await db.selectFrom('installation').selectAll().executeTakeFirstOrThrow()
}

/** Chooses the next revision of the store's marker; several processes get the same one. */
export async function chooseRevision(db: Db, candidate: string): Promise<string> {
  const { rows } = await sql<{ next_revision: string }>`update installation
    set next_revision = coalesce(next_revision, ${candidate}), revised_at = now()
    returning next_revision`.execute(db)
  return rows[0]?.next_revision ?? candidate
}

/**
 * Chooses the next revision if the current one is old, or returns the one that was chosen before and whose marker may
 * never have been written. Undefined while the current one is recent.
 */
export async function chooseDueRevision(db: Db, candidate: string): Promise<string | undefined> {
  const { rows } = await sql<{ next_revision: string }>`update installation
    set next_revision = coalesce(next_revision, ${candidate}), revised_at = now()
    where revised_at < now() - make_interval(secs => ${REVISE_SECONDS})
    returning next_revision`.execute(db)
  return rows[0]?.next_revision
}

/** Records that the store's marker has this revision. */
export async function confirmRevision(db: Db, revision: string): Promise<void> {
  await sql`update installation set revision = next_revision, next_revision = null
    where next_revision = ${revision}`.execute(db)
}

const SWEEP_CONFIRMED_SECONDS = 3600

export async function confirmSweep(db: Db): Promise<void> {
  await sql`update installation
    set sweep_confirmed_until = now() + make_interval(secs => ${SWEEP_CONFIRMED_SECONDS})`.execute(db)
}

export async function isSweepConfirmed(db: Db): Promise<boolean> {
  const { rows } = await sql<{ confirmed: boolean | null }>`
    select sweep_confirmed_until > now() as confirmed from installation`.execute(db)
  return rows[0]?.confirmed === true
}

/** The database's clock, in milliseconds since 1970. */
export async function databaseTime(db: Db): Promise<number> {
  const { rows } = await sql<{ now: Date }>`select now() as now`.execute(db)
  const [row] = rows
  if (!row) throw new Error('the database returned no time')
  return row.now.getTime()
}
