import type { Handler } from '@kinora/common/contract'
import type { AdminAuditEntry, AuditEntry, auth } from '@kinora/common/contracts'
import { decodeCursor, encodeCursor, pageOf } from '@kinora/common/cursor'
import type { Selectable } from 'kysely'
import { z } from 'zod'
import type { Context } from '../context.ts'
import type { AuditLogTable } from '../db/schema.ts'
import { CHAIN_START, type ChainPlace, type ChainProblem, verifyChain, verifyHead } from '../domain/audit-chain.ts'
import { byAdmin, signedInOrByKey } from './guards.ts'

type AuditRow = Selectable<AuditLogTable>

const AuditCursor = z.tuple([z.string().regex(/^\d{1,18}$/)])

/** Rows that one call verifies, in some tens of milliseconds. */
const PAGE = 1000

export function listAudit({ audit }: Context): Handler<typeof auth.listAudit> {
  return signedInOrByKey<typeof auth.listAudit>(async ({ limit, cursor }, { userId }) => {
    const rows = await audit.find({ userId }, { limit: limit + 1, before: decodeAuditCursor(cursor) })
    return pageOf(rows, limit, toAuditEntry, cursorAt)
  })
}

export function searchAudit(ctx: Context): Handler<typeof auth.searchAudit> {
  return byAdmin<typeof auth.searchAudit>(ctx, async ({ limit, cursor, ...filter }) => {
    const rows = await ctx.audit.find(filter, { limit: limit + 1, before: decodeAuditCursor(cursor) })
    return pageOf(rows, limit, toAdminAuditEntry, cursorAt)
  })
}

export function verifyAudit({ audit, auditKey }: Context): Handler<typeof auth.verifyAudit> {
  return async ({ after }) => {
    const from = after ? { sequence: after.sequence, hash: Buffer.from(after.hash, 'hex') } : CHAIN_START
    const { rows, head } = await audit.chainPage(from.sequence, PAGE)
    const verified = verifyChain(auditKey, from, rows)
    if ('kind' in verified) return answer(from, verified)
    if (rows.length === PAGE) return answer(verified, null, false)
    return answer(verified, verifyHead(verified, head))
  }
}

function answer({ sequence, hash }: ChainPlace, problem: ChainProblem | null, complete = true) {
  return { verified: { sequence, hash: hash.toString('hex') }, problem, complete }
}

/** The sequence number before which the page begins. */
function decodeAuditCursor(cursor: string | undefined): string | undefined {
  return cursor === undefined ? undefined : decodeCursor(cursor, AuditCursor)[0]
}

function cursorAt({ sequence }: AuditRow): string {
  return encodeCursor([sequence])
}

function toAuditEntry(row: AuditRow): AuditEntry {
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

function toAdminAuditEntry(row: AuditRow): AdminAuditEntry {
  return {
    ...toAuditEntry(row),
    actor: row.actor_kind && { kind: row.actor_kind, id: row.actor_id },
    userId: row.user_id,
    subject: row.subject,
    sessionId: row.session_id,
    code: row.code,
  }
}
