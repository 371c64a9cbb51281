import type { Revocation, RevocationReason } from '@kinora/common/contracts'
import { type Kysely, type Selectable, sql } from 'kysely'
import type { AuthDb, RevocationsTable } from '../db/schema.ts'

/** The limit in the contract. */
export const MAX_IDS_PER_REVOCATION = 200

export interface NewRevocation {
  sessionIds?: string[]
  apiKeyIds?: string[]
  accountIds?: string[]
  reason: RevocationReason
  expiresAt: Date
}

export interface RevocationPage {
  items: Revocation[]
  more: boolean
  /** The answer is complete up to this number; ask for those after it. */
  sequence: number
}

/** Keeps an answer below the 16 KiB of a broker message; a single revocation always fits. */
const PAGE_ROWS = 50
const PAGE_IDS = MAX_IDS_PER_REVOCATION

export function revocationRepository(db: Kysely<AuthDb>) {
  return {
    /** Holds the counter's lock until the commit, so it must come last in a transaction. */
    async insert(revocation: NewRevocation, now: Date): Promise<Revocation> {
      const { sessionIds = [], apiKeyIds = [], accountIds = [], reason, expiresAt } = revocation
      const { value } = await db
        .updateTable('revocation_counter')
        .set({ value: sql`value + 1` })
        .returning('value')
        .executeTakeFirstOrThrow()
      await db
        .insertInto('revocations')
        .values({
          sequence: value,
          session_ids: sessionIds,
          api_key_ids: apiKeyIds,
          account_ids: accountIds,
          reason,
          created_at: now,
          expires_at: expiresAt,
        })
        .execute()
      return { sequence: Number(value), sessionIds, apiKeyIds, accountIds, reason, expiresAt: expiresAt.toISOString() }
    },

    /** Reads the counter first, so that all revocations up to it are committed and visible to the second statement. */
    async after(sequence: number, now: Date): Promise<RevocationPage> {
      const counter = await db.selectFrom('revocation_counter').select('value').executeTakeFirstOrThrow()
      const rows = await db
        .selectFrom('revocations')
        .selectAll()
        .where('sequence', '>', String(sequence))
        .where('sequence', '<=', counter.value)
        .where('expires_at', '>', now)
        .orderBy('sequence')
        .limit(PAGE_ROWS + 1)
        .execute()
      return revocationPage(rows.map(toRevocation), Number(counter.value))
    },

    async deleteExpired(before: Date, limit: number): Promise<number> {
      const expired = db.selectFrom('revocations').select('sequence').where('expires_at', '<', before).limit(limit)
      const query = db.deleteFrom('revocations').where('sequence', 'in', expired)
      return Number((await query.executeTakeFirstOrThrow()).numDeletedRows)
    },
  }
}

function toRevocation(row: Selectable<RevocationsTable>): Revocation {
  return {
    sequence: Number(row.sequence),
    sessionIds: row.session_ids,
    apiKeyIds: row.api_key_ids,
    accountIds: row.account_ids,
    reason: row.reason,
    expiresAt: row.expires_at.toISOString(),
  }
}

function revocationPage(rows: Revocation[], newest: number): RevocationPage {
  const items: Revocation[] = []
  let ids = 0
  for (const row of rows.slice(0, PAGE_ROWS)) {
    ids += row.sessionIds.length + row.apiKeyIds.length + row.accountIds.length
    if (ids > PAGE_IDS) break
    items.push(row)
  }
  const last = items.at(-1)
  const more = items.length < rows.length && last !== undefined
  return { items, more, sequence: more ? last.sequence : newest }
}
