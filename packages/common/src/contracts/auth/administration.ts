import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Id, NO_CONTROL, Nothing, PageQuery, pageOf, Timestamp } from '../shared.ts'
import { DisplayName, Email, Password, Role, User } from './accounts.ts'
import { AuditEntry } from './audit.ts'
import { Session } from './sessions.ts'

/** An account as administrators see it. */
export const AdminUser = User.extend({
  disabledAt: Timestamp.nullable(),
  /** The last time somebody signed in; a refresh is no sign-in. */
  lastLoginAt: Timestamp.nullable(),
  /** Where it is signed in now: so many places. */
  sessions: z.number().int(),
})
export type AdminUser = z.infer<typeof AdminUser>

export const AdminAuditEntry = AuditEntry.extend({
  /** Who did it; null in entries that are older than this field. */
  actor: z.object({ kind: z.enum(['anonymous', 'user', 'service']), id: z.string().nullable() }).nullable(),
  /** To whom it was done; null where nobody can be named. */
  userId: Id.nullable(),
  /** What it was done to, where that is no account: the id of a parked message. */
  subject: z.string().nullable(),
  sessionId: Id.nullable(),
  /** The error code of a failure. */
  code: z.string().nullable(),
})
export type AdminAuditEntry = z.infer<typeof AdminAuditEntry>

const OneUser = z.strictObject({ userId: Id })
const NOBODY = ['USER_NOT_FOUND'] as const

/** What administrators, and the operator's command line, do with the accounts of others. */
export const administration = {
  listUsers: {
    summary: 'All accounts, newest first; for administrators',
    input: PageQuery.extend({
      /** Part of the address or of the name. */
      q: z.string().trim().min(1).max(200).regex(NO_CONTROL).optional(),
      role: Role.optional(),
      disabled: z.enum(['true', 'false']).optional(),
    }),
    output: pageOf(AdminUser),
    errors: [],
    idempotent: true,
  },
  getUser: {
    summary: 'One account; for administrators',
    input: OneUser,
    output: AdminUser,
    errors: NOBODY,
    idempotent: true,
  },
  updateUser: {
    summary: 'Disable an account or enable it again, make it an administrator or not one any more',
    input: OneUser.extend({ disabled: z.boolean().optional(), role: Role.optional() }),
    output: AdminUser,
    errors: [...NOBODY, 'LAST_ADMIN', 'OWN_ACCOUNT'],
    idempotent: true,
  },
  listUserSessions: {
    summary: 'Where an account is signed in; for administrators',
    input: PageQuery.extend(OneUser.shape),
    output: pageOf(Session),
    errors: NOBODY,
    idempotent: true,
  },
  revokeUserSessions: {
    summary: 'End all sessions of an account',
    input: OneUser,
    output: Nothing,
    errors: NOBODY,
    idempotent: true,
  },
  revokeUserSession: {
    summary: 'End one session of an account',
    input: OneUser.extend({ sessionId: Id }),
    output: Nothing,
    errors: ['SESSION_NOT_FOUND'],
    idempotent: true,
  },
  resetSecondFactor: {
    summary:
      'Take the authenticator app, recovery codes and passkeys from an account whose owner has lost them; its sessions end',
    input: OneUser,
    output: Nothing,
    errors: [...NOBODY, 'OWN_ACCOUNT'],
    idempotent: false,
  },
  eraseUser: {
    summary: 'Delete an account and everything that belongs to it, for good',
    input: OneUser,
    output: Nothing,
    errors: [...NOBODY, 'LAST_ADMIN', 'OWN_ACCOUNT'],
    idempotent: false,
  },
  searchAudit: {
    summary: 'What happened to all accounts, newest first; for administrators',
    input: PageQuery.extend({
      /** To whom it was done. */
      userId: Id.optional(),
      /** Who did it: a user's id or a service's name. */
      actorId: z.string().min(1).max(100).regex(NO_CONTROL).optional(),
      action: z.string().min(1).max(100).regex(NO_CONTROL).optional(),
      outcome: AuditEntry.shape.outcome.optional(),
      /** At this time or later. */
      from: Timestamp.optional(),
      /** Before this time. */
      to: Timestamp.optional(),
    }),
    output: pageOf(AdminAuditEntry),
    errors: [],
    idempotent: true,
  },
  createAdmin: {
    summary: 'Make an administrator out of an address, which may have an account already; for the command line',
    input: z.strictObject({ email: Email, password: Password, displayName: DisplayName.optional() }),
    output: z.object({
      user: AdminUser,
      /**
       * A promoted or unchanged account keeps the password and the name that it had. One whose address was never confirmed
       * is claimed: it gets the given ones, and loses its sessions, API keys and second factors.
       */
      outcome: z.enum(['created', 'claimed', 'promoted', 'unchanged']),
    }),
    errors: ['PASSWORD_UNACCEPTABLE', 'TOO_BUSY'],
    idempotent: true,
  },
} as const satisfies Record<string, MethodSpec>
