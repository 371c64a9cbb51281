import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Id, NO_CONTROL, Nothing, PageQuery, pageOf, Timestamp } from '../shared.ts'
import { DisplayName, Email, Password, Role, User } from './accounts.ts'
import { RevokeApiKeys } from './api-keys.ts'
import { AuditEntry } from './audit.ts'
import { SessionId, SessionPage } from './sessions.ts'

export const AdminUser = User.extend({
  disabledAt: Timestamp.nullable().meta({
    description: 'Time the account was disabled, ISO 8601 UTC; null if it is enabled',
    example: null,
  }),
  lastLoginAt: Timestamp.nullable().meta({
    description: 'Time of the last sign-in, ISO 8601 UTC; a refresh does not count. Null if there was no sign-in yet.',
    example: '2026-01-16T18:05:12.000Z',
  }),
  sessions: z.number().int().meta({ description: 'Number of sessions that have not ended', example: 2 }),
}).meta({ description: 'An account as administrators see it' })
export type AdminUser = z.infer<typeof AdminUser>

const UserId = Id.meta({ description: 'Id of the account', example: '0197a1de-5c52-7a3c-9d5b-0c1f6e7a8b90' })

export const AdminAuditEntry = AuditEntry.extend({
  actor: z
    .object({
      kind: z.enum(['anonymous', 'user', 'service']).meta({
        description: '`anonymous`: not signed in. `user`: an account. `service`: a service or the command line.',
        example: 'user',
      }),
      id: z.string().nullable().meta({
        description: 'Id of the account or name of the service; null for `anonymous`',
        example: '0197a1e8-6a05-7d93-b1c8-e52f7a0d4b36',
      }),
    })
    .nullable()
    .meta({
      description: 'Who acted; null in entries that are older than this field',
      example: { kind: 'user', id: '0197a1e8-6a05-7d93-b1c8-e52f7a0d4b36' },
    }),
  userId: UserId.nullable().meta({
    description: 'Id of the account that was acted on; null if it is unknown',
    example: '0197a1de-5c52-7a3c-9d5b-0c1f6e7a8b90',
  }),
  subject: z.string().nullable().meta({
    description: 'What was acted on if it is not an account, such as the id of a dead letter; otherwise null',
    example: null,
  }),
  sessionId: SessionId.nullable().meta({
    description: 'Id of the session that was used or acted on; null if there was none',
    example: '0197a1e0-1f34-7b21-8c66-52d0e9b3a7f4',
  }),
  code: z.string().nullable().meta({ description: 'Error code of a failure; null for a success', example: null }),
}).meta({ description: 'An entry of the audit log as administrators see it' })
export type AdminAuditEntry = z.infer<typeof AdminAuditEntry>

export const AdminUserPage = pageOf(AdminUser).meta({ description: 'A page of accounts' })
export const AdminAuditPage = pageOf(AdminAuditEntry).meta({ description: 'A page of audit entries of all accounts' })

export const UserFilter = PageQuery.extend({
  q: z.string().trim().min(1).max(200).regex(NO_CONTROL).optional().meta({
    description: 'Only accounts whose email address or display name contains this text, 1 to 200 characters',
    example: 'example.com',
  }),
  role: Role.optional().meta({ description: 'Only accounts with this role', example: 'admin' }),
  disabled: z.enum(['true', 'false']).optional().meta({
    description: '`true`: only disabled accounts. `false`: only enabled ones.',
    example: 'false',
  }),
})

export const AuditSearch = PageQuery.extend({
  userId: UserId.optional().meta({
    description: 'Only actions on the account with this id',
    example: '0197a1de-5c52-7a3c-9d5b-0c1f6e7a8b90',
  }),
  actorId: z.string().min(1).max(100).regex(NO_CONTROL).optional().meta({
    description: 'Only actions by this actor: the id of an account or the name of a service, at most 100 characters',
    example: '0197a1e8-6a05-7d93-b1c8-e52f7a0d4b36',
  }),
  action: z.string().min(1).max(100).regex(NO_CONTROL).optional().meta({
    description: 'Only entries with this action, at most 100 characters',
    example: 'login',
  }),
  outcome: AuditEntry.shape.outcome.optional().meta({
    description: 'Only entries with this outcome',
    example: 'failure',
  }),
  from: Timestamp.optional().meta({
    description: 'Only entries at or after this time, ISO 8601 UTC',
    example: '2026-01-01T00:00:00.000Z',
  }),
  to: Timestamp.optional().meta({
    description: 'Only entries before this time, ISO 8601 UTC',
    example: '2026-02-01T00:00:00.000Z',
  }),
})

const OneUser = z.strictObject({ userId: UserId })
const NOBODY = ['USER_NOT_FOUND'] as const

export const UserChanges = OneUser.extend({
  disabled: z.boolean().optional().meta({
    description: 'True disables the account and ends its sessions, false enables it. Unchanged if omitted.',
    example: true,
  }),
  role: Role.optional().meta({ description: 'New role of the account. Unchanged if omitted.', example: 'admin' }),
}).meta({ description: 'Changes to an account' })

/** What administrators and the operator's command line do with the accounts of others. */
export const administration = {
  listUsers: {
    summary: 'List accounts',
    description: 'All accounts, newest first; for administrators.',
    input: UserFilter,
    output: AdminUserPage,
    errors: [],
    idempotent: true,
    callers: ['gateway', 'operator'],
  },
  getUser: {
    summary: 'Get an account',
    description: 'For administrators.',
    input: OneUser,
    output: AdminUser,
    errors: NOBODY,
    idempotent: true,
    callers: ['gateway', 'operator'],
  },
  updateUser: {
    summary: 'Update an account',
    description: 'Disables or enables the account, or changes its role; for administrators.',
    input: UserChanges,
    output: AdminUser,
    errors: [...NOBODY, 'LAST_ADMIN', 'OWN_ACCOUNT'],
    idempotent: true,
    callers: ['gateway', 'operator'],
  },
  listUserSessions: {
    summary: 'List the sessions of an account',
    description: 'Newest first; for administrators.',
    input: PageQuery.extend(OneUser.shape),
    output: SessionPage,
    errors: NOBODY,
    idempotent: true,
    callers: ['gateway', 'operator'],
  },
  revokeUserSessions: {
    summary: 'End all sessions of an account',
    description: 'Revokes its API keys too if asked to. For administrators.',
    input: OneUser.extend({ revokeApiKeys: RevokeApiKeys }),
    output: Nothing,
    errors: NOBODY,
    idempotent: true,
    callers: ['gateway', 'operator'],
  },
  revokeUserSession: {
    summary: 'End a session of an account',
    description: 'For administrators.',
    input: OneUser.extend({ sessionId: SessionId }),
    output: Nothing,
    errors: ['SESSION_NOT_FOUND'],
    idempotent: true,
    callers: ['gateway', 'operator'],
  },
  resetSecondFactor: {
    summary: 'Reset the second factor of an account',
    description:
      'Removes its authenticator app, recovery codes and passkeys and ends its sessions; for administrators.',
    input: OneUser,
    output: Nothing,
    errors: [...NOBODY, 'OWN_ACCOUNT'],
    idempotent: false,
    callers: ['gateway', 'operator'],
  },
  eraseUser: {
    summary: 'Delete an account',
    description:
      'Deletes the account and its personal project with everything in it, permanently; other projects keep their videos. Refused for the last owner of a project. For administrators.',
    input: OneUser,
    output: Nothing,
    errors: [...NOBODY, 'LAST_ADMIN', 'LAST_OWNER', 'OWN_ACCOUNT'],
    idempotent: false,
  },
  searchAudit: {
    summary: 'Search the audit log',
    description: 'Entries of all accounts, newest first; for administrators.',
    input: AuditSearch,
    output: AdminAuditPage,
    errors: [],
    idempotent: true,
    callers: ['gateway', 'operator'],
  },
  createAdmin: {
    summary: 'Create an administrator, or make an existing account one; for the command line',
    input: z.strictObject({ email: Email, password: Password, displayName: DisplayName.optional() }),
    output: z.object({
      user: AdminUser,
      outcome: z.enum(['created', 'claimed', 'promoted', 'unchanged']).meta({
        description:
          '`promoted`, `unchanged`: the account keeps its password and name. `claimed`: its email address was never confirmed, so it gets the given password and name and loses its sessions, API keys and second factors.',
        example: 'created',
      }),
    }),
    errors: ['PASSWORD_UNACCEPTABLE', 'TOO_BUSY'],
    idempotent: true,
    callers: ['operator'],
  },
  createAccount: {
    summary: 'Create an account; for the command line',
    description: 'With a confirmed address. An account whose address was never confirmed is taken over.',
    input: z.strictObject({ email: Email, password: Password, displayName: DisplayName.optional() }),
    output: AdminUser,
    errors: ['PASSWORD_UNACCEPTABLE', 'TOO_BUSY', 'EMAIL_TAKEN'],
    idempotent: false,
    callers: ['operator'],
  },
} as const satisfies Record<string, MethodSpec>
