import type { Handler } from '@kinora/common/contract'
import type { AdminAuditEntry, auth } from '@kinora/common/contracts'
import type { Selectable } from 'kysely'
import type { Context } from '../../context.ts'
import type { AuditLogTable } from '../../db/schema.ts'
import { pageOfAudit, placeBefore, toAuditEntry } from '../audit/page-of-audit.ts'
import { byAdmin } from '../by-admin.ts'

export function searchAudit(ctx: Context): Handler<typeof auth.searchAudit> {
  return byAdmin<typeof auth.searchAudit>(ctx, async ({ limit, cursor, ...filter }) => {
    const rows = await ctx.audit.find(filter, { limit: limit + 1, before: placeBefore(cursor) })
    return pageOfAudit(rows, limit, toAdminAuditEntry)
  })
}

function toAdminAuditEntry(row: Selectable<AuditLogTable>): AdminAuditEntry {
  return {
    ...toAuditEntry(row),
    actor: row.actor_kind && { kind: row.actor_kind, id: row.actor_id },
    userId: row.user_id,
    subject: row.subject,
    sessionId: row.session_id,
    code: row.code,
  }
}
