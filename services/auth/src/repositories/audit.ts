import { type Kysely, sql, type Transaction } from 'kysely'
import type { AuditLogTable, AuthDb } from '../db/schema.ts'
import { CHAIN_START, type ChainedRow, type ChainPlace, chained } from '../domain/audit-chain.ts'

/** A row before it has its place in the chain. */
export type AuditDraft = Omit<AuditLogTable, 'sequence' | `personal_${string}` | 'previous_hash' | 'hash'>

/**
 * Appends rows. Holds the lock of the chain's head until the commit, for which all other appends wait, so it is the last
 * thing that a transaction does: see `transact`.
 */
export async function appendAudit(tx: Transaction<AuthDb>, key: Buffer, drafts: readonly AuditDraft[]): Promise<void> {
  if (drafts.length === 0) return
  await append(tx, key, await lockHead(tx), drafts)
}

/** Chains the rows that are older than the chain, once: where the chain has begun nothing is taken in from outside. */
export async function chainOldRows(db: Kysely<AuthDb>, key: Buffer): Promise<void> {
  await db.transaction().execute(async (tx) => {
    // A long log takes its time, and other processes that start meanwhile wait for the head.
    await sql`set local statement_timeout = 0`.execute(tx)
    let place = await lockHead(tx)
    if (place.sequence !== CHAIN_START.sequence) return
    let after = '0'
    for (;;) {
      const old = await unchainedPage(tx, after)
      const last = old.at(-1)
      if (!last) break
      const drafts = old.map(({ sequence: _, ...draft }) => ({ ...draft, subject: null }))
      place = await append(tx, key, place, drafts)
      after = last.sequence
    }
    await tx.deleteFrom('audit_log_unchained').execute()
  })
}

async function unchainedPage(tx: Transaction<AuthDb>, after: string) {
  const query = tx.selectFrom('audit_log_unchained').selectAll().where('sequence', '>', after)
  return await query.orderBy('sequence').limit(500).execute()
}

export interface ChainPage {
  rows: ChainedRow[]
  head: ChainPlace
}

/** The rows after a number and the head of the chain, at one moment. */
export async function chainPage(db: Kysely<AuthDb>, after: number, limit: number): Promise<ChainPage> {
  return await db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (tx) => {
      const head = await tx.selectFrom('audit_head').selectAll().executeTakeFirstOrThrow()
      const rows = await tx
        .selectFrom('audit_log')
        .selectAll()
        .select(sql<string>`to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`.as('at'))
        .where('sequence', '>', String(after))
        .orderBy('sequence')
        .limit(limit)
        .execute()
      return { rows, head: { sequence: Number(head.sequence), hash: head.hash } }
    })
}

async function lockHead(tx: Transaction<AuthDb>): Promise<ChainPlace> {
  const { sequence, hash } = await tx.selectFrom('audit_head').selectAll().forUpdate().executeTakeFirstOrThrow()
  return { sequence: Number(sequence), hash }
}

async function append(
  tx: Transaction<AuthDb>,
  key: Buffer,
  from: ChainPlace,
  drafts: readonly AuditDraft[],
): Promise<ChainPlace> {
  let place = from
  const rows = drafts.map((draft) => {
    const row = chained(key, place, draft)
    place = { sequence: place.sequence + 1, hash: row.hash }
    return row
  })
  await tx
    .with('appended', (query) => query.insertInto('audit_log').values(rows).returning('sequence'))
    .updateTable('audit_head')
    .set({ sequence: String(place.sequence), hash: place.hash })
    .execute()
  return place
}
