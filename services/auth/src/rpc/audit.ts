import type { AuditEntry } from '@kinora/common/contracts'
import { decodeCursor, encodeCursor } from '@kinora/common/cursor'
import type { Selectable } from 'kysely'
import { z } from 'zod'
import type { AuditLogTable } from '../../db/schema.ts'

type AuditRow = Selectable<AuditLogTable>

const Place = z.tuple([z.string().regex(/^\d{1,18}$/)])

/** The sequence number before which to go on. */
export function placeBefore(cursor: string | undefined): string | undefined {
  return cursor === undefined ? undefined : decodeCursor(cursor, Place)[0]
}

/** One page out of `limit + 1` rows, newest first. */
export function pageOfAudit<Item>(rows: AuditRow[], limit: number, toItem: (row: AuditRow) => Item) {
  const page = rows.slice(0, limit)
  const last = rows.length > limit ? page.at(-1) : undefined
  return { items: page.map(toItem), nextCursor: last ? encodeCursor([last.sequence]) : null }
}

export function toAuditEntry(row: AuditRow): AuditEntry {
  return {
    id: row.id,
    action: row.action,
    apiKeyId: row.api_key_id,
    outcome: row.outcome,
    ip: row.ip,
    userAgent: row.user_agent,
    requestId: row.request_id,
    at: row.at.toISOString(),
  }
}
