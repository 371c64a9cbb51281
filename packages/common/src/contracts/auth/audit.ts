import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Id, PageQuery, pageOf, Timestamp } from '../shared.ts'
import { Role } from './accounts.ts'
import { ApiKeyId } from './api-keys.ts'
import { SessionId } from './sessions.ts'

export const AuditEntry = z
  .object({
    id: Id.meta({ description: 'Id of the entry', example: '0197a1e6-93c4-7e1d-8b27-d40a5f6e2c19' }),
    action: z
      .string()
      .meta({ description: 'What was attempted, such as `login` or `api_key_create`', example: 'login' }),
    apiKeyId: ApiKeyId.nullable().meta({
      description: 'Id of the API key that was used, or that the action was about; null if there was none',
      example: null,
    }),
    outcome: z.enum(['success', 'failure']).meta({ description: 'Whether the action succeeded', example: 'success' }),
    ip: z
      .string()
      .nullable()
      .meta({ description: 'IP address of the client; null if there was none', example: '203.0.113.7' }),
    userAgent: z.string().nullable().meta({
      description: 'User-Agent header of the client, at most 512 characters; null if there was no client',
      example: 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0',
    }),
    requestId: z.string().meta({
      description: 'Id of the request, as in the X-Request-Id header of its answer and in logs',
      example: '0197a1e6-93b0-7c52-9a6e-1f8d3b7c4e05',
    }),
    at: Timestamp.meta({ description: 'Time of the action, ISO 8601 UTC', example: '2026-01-15T09:30:00.000Z' }),
  })
  .meta({ description: 'An entry of the audit log, as the owner of the account sees it' })
export type AuditEntry = z.infer<typeof AuditEntry>

export const AuditPage = pageOf(AuditEntry).meta({ description: 'A page of audit entries' })

const account = {
  kind: z.literal('user').meta({ description: 'Always `user`: an account acted', example: 'user' }),
  userId: Id.meta({ description: 'Id of the account', example: '0197a1e8-6a05-7d93-b1c8-e52f7a0d4b36' }),
  role: Role.meta({ description: 'Role of the account', example: 'admin' }),
}

/** The account or service behind an action, as the gateway or the broker knows it. */
const NotedActor = z.union([
  z.object({ ...account, sessionId: SessionId }),
  z.object({ ...account, apiKeyId: ApiKeyId }),
  z.object({
    kind: z.literal('service').meta({ description: 'Always `service`: a service acted', example: 'service' }),
    name: z.string().meta({ description: 'Name of the service', example: 'cli' }),
  }),
])

/** What members do in their projects, and their own audit log shows; everything else is for administrators only. */
const MEMBER_ACTIONS = [
  'playback_key_create',
  'playback_key_retire',
  'upload_link_create',
  'upload_link_revoke',
] as const
type MemberAction = (typeof MEMBER_ACTIONS)[number]

export function isMemberAction(action: string): action is MemberAction {
  return MEMBER_ACTIONS.some((name) => name === action)
}

/** What the role `support` does beside administrators. */
const SUPPORT_ACTIONS = ['videos_search', 'video_inspect', 'video_retry', 'task_log_read', 'usage_read'] as const

function isSupportAction(action: string): boolean {
  return SUPPORT_ACTIONS.some((name) => name === action)
}

const NotedFields = z.object({
  action: z
    .enum([...(['parked_redrive', 'parked_discard', 'limits_change'] as const), ...SUPPORT_ACTIONS, ...MEMBER_ACTIONS])
    .meta({ description: 'What was done', example: 'parked_redrive' }),
  actor: NotedActor.meta({
    description: 'The account or service that did it',
    example: { kind: 'service', name: 'cli' },
  }),
  subject: z.string().max(200).meta({
    description: 'Id of what it was done to, at most 200 characters',
    example: '0197a1ea-0d7b-7246-9e3f-8c1b5d6a2f70',
  }),
  requestId: AuditEntry.shape.requestId,
  client: z
    .object({
      ip: z.string().meta({ description: 'IP address of the client', example: '203.0.113.7' }),
      userAgent: z.string().meta({ description: 'User-Agent header of the client', example: 'curl/8.14.1' }),
    })
    .nullable()
    .meta({
      description: 'The HTTP client; null if the action did not come over HTTP',
      example: { ip: '203.0.113.7', userAgent: 'curl/8.14.1' },
    }),
})

/** The actions that other services may record in the audit log of auth; auth accepts no others from them. */
export const NotedAction = NotedFields.refine(
  ({ action, actor }) =>
    isMemberAction(action) ||
    actor.kind === 'service' ||
    actor.role === 'admin' ||
    (isSupportAction(action) && actor.role === 'support'),
  'only administrators may do this',
)
export type NotedAction = z.infer<typeof NotedAction>

/** A row of the audit log by its number and hash. The hash covers all rows up to this one. */
export const AuditPlace = z.object({
  sequence: z.number().int().min(0).meta({ description: 'Number of the row', example: 1024 }),
  hash: z
    .string()
    .regex(/^[\da-f]{64}$/)
    .meta({
      description: 'Hash of all rows up to this one: 64 hexadecimal digits',
      example: '0123456789abcdef'.repeat(4),
    }),
})

export const AuditProblem = z.object({
  kind: z.enum(['changed', 'missing', 'misplaced', 'head']).meta({
    description:
      '`changed`, `missing`: the row was altered or is absent. `misplaced`: the row is genuine, but not in its position. `head`: the rows are intact, but the record of how many there are does not match them.',
    example: 'changed',
  }),
  sequence: z.number().int().meta({ description: 'Number of the row', example: 1025 }),
})

/** The record of what happened to an account. */
export const audit = {
  listAudit: {
    summary: "List the caller's audit log",
    description: 'What happened to the account, newest first.',
    input: PageQuery,
    output: AuditPage,
    errors: [],
    idempotent: true,
  },
  verifyAudit: {
    summary: 'Verify a page of the audit log after a row that is known to be genuine; for operators',
    input: z.strictObject({
      after: AuditPlace.optional().meta({
        description: 'The last verified row. Without it, verification starts at the first row.',
        example: { sequence: 1024, hash: '0123456789abcdef'.repeat(4) },
      }),
    }),
    output: z.object({
      verified: AuditPlace.meta({
        description: 'The last row that is genuine; send it as `after` to continue',
        example: { sequence: 1024, hash: '0123456789abcdef'.repeat(4) },
      }),
      problem: AuditProblem.nullable().meta({
        description: 'The first problem on this page; null if there is no problem',
        example: null,
      }),
      complete: z.boolean().meta({ description: 'True once the end of the log is reached', example: true }),
    }),
    errors: ['UNAUTHENTICATED', 'FORBIDDEN'],
    idempotent: true,
    callers: ['operator'],
  },
} as const satisfies Record<string, MethodSpec>
