import { type Kysely, type Selectable, sql, type Transaction } from 'kysely'
import type { AuditLogTable, AuthDb } from '../db/schema.ts'
import type { AuditDraft } from '../domain/audit.ts'
import { CHAIN_START, type ChainedRow, type ChainPlace, chained } from '../domain/audit-chain.ts'

export interface AuditFilter {
  /** The account that the action changed. */
  userId?: string | undefined
  /** The user or service that did it. */
  actorId?: string | undefined
  action?: string | undefined
  outcome?: AuditLogTable['outcome'] | undefined
  from?: string | undefined
  to?: string | undefined
}

export interface AuditPage {
  limit: number
  before?: string | undefined
}

export interface ChainPage {
  rows: ChainedRow[]
  head: ChainPlace
}

export function auditRepository(db: Kysely<AuthDb>) {
  return {
    /** Newest first. */
    async find(filter: AuditFilter, { limit, before }: AuditPage): Promise<Selectable<AuditLogTable>[]> {
      const { userId, actorId, action, outcome, from, to } = filter
      let query = db.selectFrom('audit_log').selectAll()
      if (userId !== undefined) query = query.where('user_id', '=', userId)
      if (actorId !== undefined) query = query.where('actor_id', '=', actorId)
      if (action !== undefined) query = query.where('action', '=', action)
      if (outcome !== undefined) query = query.where('outcome', '=', outcome)
      if (from !== undefined) query = query.where('at', '>=', new Date(from))
      if (to !== undefined) query = query.where('at', '<', new Date(to))
      if (before !== undefined) query = query.where('sequence', '<', before)
      return await query.orderBy('sequence', 'desc').limit(limit).execute()
    },

    async has(id: string): Promise<boolean> {
      const found = await db.selectFrom('audit_log').select('id').where('id', '=', id).executeTakeFirst()
      return found !== undefined
    },

    /** Removes address and user agent of a user's calls. The rows stay and can still be verified. */
    async eraseOrigins(userId: string): Promise<void> {
      await sql`select erase_audit_origins(${userId})`.execute(db)
    },

    /** The rows after a number and the head of the chain, from one snapshot. Opens a transaction of its own. */
    async chainPage(after: number, limit: number): Promise<ChainPage> {
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
    },
  }
}

/**
 * Appends rows. All other appends wait for the lock of the chain's head until the commit, so it must be the last statement of
 * a transaction: see `operations/transact.ts`.
 */
export async function appendAudit(tx: Transaction<AuthDb>, key: Buffer, drafts: readonly AuditDraft[]): Promise<void> {
  if (drafts.length === 0) return
  await append(tx, key, await lockHead(tx), drafts)
}

/**
 * Chains the rows that an older version wrote before there was a chain. Does nothing once the chain has a row, so that no rows
 * can be added from outside.
 */
export async function chainOldRows(db: Kysely<AuthDb>, key: Buffer): Promise<void> {
  await db.transaction().execute(async (tx) => {
    // A long log takes time, and other processes that start meanwhile wait for the head.
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
