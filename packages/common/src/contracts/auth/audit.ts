import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Id, PageQuery, pageOf, Timestamp } from '../shared.ts'

export const AuditEntry = z.object({
  id: Id,
  action: z.string(),
  /** The API key that was used, or that this is about. */
  apiKeyId: Id.nullable(),
  outcome: z.enum(['success', 'failure']),
  ip: z.string().nullable(),
  userAgent: z.string().nullable(),
  requestId: z.string(),
  at: Timestamp,
})
export type AuditEntry = z.infer<typeof AuditEntry>

/** What has happened to an account. */
export const audit = {
  listAudit: {
    summary: 'What happened to this account, newest first',
    input: PageQuery,
    output: pageOf(AuditEntry),
    errors: [],
    idempotent: true,
  },
} as const satisfies Record<string, MethodSpec>
