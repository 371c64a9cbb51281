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

/** Who does what only administrators may: as the gateway, or the broker, knows him. */
const Administrator = z.union([
  z.object({ kind: z.literal('user'), userId: Id, sessionId: Id, role: z.literal('admin') }),
  z.object({ kind: z.literal('user'), userId: Id, apiKeyId: Id, role: z.literal('admin') }),
  z.object({ kind: z.literal('service'), name: z.string() }),
])

/** What other services have auth write into its log; another's word on anything else is not taken. */
export const NotedAction = z.object({
  action: z.enum(['parked_redrive', 'parked_discard', 'limits_change']),
  actor: Administrator,
  /** What it was done to. */
  subject: z.string().max(200),
  requestId: z.string(),
  client: z.object({ ip: z.string(), userAgent: z.string() }).nullable(),
})
export type NotedAction = z.infer<typeof NotedAction>

/** A row of the audit log by its number and its hash (hexadecimal): all rows up to it follow from the hash. */
export const AuditPlace = z.object({ sequence: z.number().int().min(0), hash: z.string().regex(/^[\da-f]{64}$/) })

/**
 * What is wrong, at which row: it was `changed`, is `missing`, is genuine but `misplaced`, or the rows are whole and the
 * record of how many there are (the `head`) is not theirs.
 */
export const AuditProblem = z.object({
  kind: z.enum(['changed', 'missing', 'misplaced', 'head']),
  sequence: z.number().int(),
})

/** What has happened to an account. */
export const audit = {
  listAudit: {
    summary: 'What happened to this account, newest first',
    input: PageQuery,
    output: pageOf(AuditEntry),
    errors: [],
    idempotent: true,
  },
  verifyAudit: {
    summary: 'Verify a page of the audit log after a place that is known to be good; for operators',
    input: z.strictObject({ after: AuditPlace.optional() }),
    /** Go on after `verified` until `complete`. */
    output: z.object({ verified: AuditPlace, problem: AuditProblem.nullable(), complete: z.boolean() }),
    errors: ['UNAUTHENTICATED', 'FORBIDDEN'],
    idempotent: true,
  },
} as const satisfies Record<string, MethodSpec>
