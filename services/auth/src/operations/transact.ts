import { randomUUID } from 'node:crypto'
import { assertInTime, type Call } from '@kinora/common/contract'
import { events, type Revocation } from '@kinora/common/contracts'
import { addEvent, hasMessages, lockName, tryLockName } from '@kinora/common/db'
import { AppError } from '@kinora/common/errors'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { AuthDb, MailKind, ProjectRow } from '../db/schema.ts'
import { type AuditDraft, auditDraft, type RecordAudit } from '../domain/audit.ts'
import { appendAudit } from '../repositories/audit.ts'
import { repositories } from '../repositories/index.ts'

export type Work = ReturnType<typeof createWork>
/**
 * Runs `body` in one transaction. When the commit leaves an event or a mail to be sent, the loops that send them are woken at
 * once.
 *
 * `call` is the call that this answers; null for work that no caller waits for. If its deadline has passed before the commit,
 * nothing is committed and `TIMEOUT` is thrown: its caller was answered 504 and must be able to rely on that. An `AppError` as
 * the result is committed nevertheless: it is a refusal, and what it counted must not be lost.
 */
export type Transact = <T>(call: Call | null, body: (work: Work) => Promise<T>) => Promise<T>

export interface TransactOptions {
  db: Kysely<AuthDb>
  /** The key of the audit log's chain. */
  auditKey: Buffer
  /** Makes the loops send committed events and mails now instead of at their next poll. */
  wake: () => void
}

/** What a transaction collects while its body runs. */
interface Collected {
  audit: AuditDraft[]
  hasMail: boolean
}

export function createTransact({ db, auditKey, wake }: TransactOptions): Transact {
  return async (call, body) => {
    const collected: Collected = { audit: [], hasMail: false }
    const { result, wakes } = await db.transaction().execute(async (tx) => {
      const result = await body(createWork(tx, collected))
      // Audit rows come last: until the commit all other transactions of the installation wait to append theirs.
      await appendAudit(tx, auditKey, collected.audit)
      if (call && !(result instanceof AppError)) assertInTime(call)
      return { result, wakes: collected.hasMail || hasMessages(tx) }
    })
    if (wakes) wake()
    return result
  }
}

/** The repositories of a transaction, with functions that exist only inside one. */
function createWork(tx: Transaction<AuthDb>, collected: Collected) {
  const tables = repositories(tx)
  const record: RecordAudit = async (...entry) => void collected.audit.push(auditDraft(...entry))
  return {
    ...tables,
    audit: { ...tables.audit, record },
    ...advisoryLocks(tx),
    ...outgoingEvents(tx),

    /** A mail with `userId` null has no recipient and is dropped when it is due. */
    async queueMail(kind: MailKind, userId: string | null, { client }: Call, now: Date): Promise<void> {
      const due = { next_attempt_at: now, created_at: now }
      await tables.mailQueue.insert({ id: randomUUID(), kind, user_id: userId, ip: client?.ip ?? null, ...due })
      collected.hasMail = true
    },

    async queueInvite(inviteId: string, now: Date): Promise<void> {
      const due = { next_attempt_at: now, created_at: now }
      await tables.mailQueue.insert({
        id: randomUUID(),
        kind: 'invite',
        user_id: null,
        invite_id: inviteId,
        ip: null,
        ...due,
      })
      collected.hasMail = true
    },

    /** The same mail whether the address has an account or not. */
    async queueProjectInvitation(invitationId: string, now: Date): Promise<void> {
      const to = { user_id: null, project_invitation_id: invitationId, ip: null }
      const due = { next_attempt_at: now, created_at: now }
      await tables.mailQueue.insert({ id: randomUUID(), kind: 'project_invitation', ...to, ...due })
      collected.hasMail = true
    },
  }
}

function advisoryLocks(tx: Transaction<AuthDb>) {
  return {
    /** Held until the commit; false when another transaction, here or in another process, holds it. */
    tryLock: (name: string): Promise<boolean> => tryLockName(tx, name),

    /** Waits for it, and holds it until the commit. */
    lock: (name: string): Promise<void> => lockName(tx, name),
  }
}

function outgoingEvents(tx: Transaction<AuthDb>) {
  return {
    async addKeysChanged(): Promise<void> {
      // Receivers fetch the current keys, so the order of these events does not matter.
      await addEvent(tx, events['auth.keys-changed'], { aggregateId: 'keys', sequence: 0 }, {})
    },

    async addSessionsRevoked(revocation: Revocation): Promise<void> {
      const about = { aggregateId: 'revocations', sequence: revocation.sequence }
      await addEvent(tx, events['auth.sessions-revoked'], about, revocation)
    },

    /** Media compares the time with those of its own rows, so it is the database's, rounded up. */
    async addAccountClaimed(userId: string): Promise<void> {
      const { rows } = await sql<{ at: Date }>`select clock_timestamp() + interval '1 ms' as at`.execute(tx)
      const claimedAt = rows[0]?.at ?? new Date()
      const data = { userId, claimedAt: claimedAt.toISOString() }
      await addEvent(tx, events['auth.account-claimed'], { aggregateId: userId, sequence: 1 }, data)
    },

    /** A receiver that gets two of them in the wrong order goes by the revision. */
    async addProjectChanged({ id, revision, allowed_domains: allowedDomains }: ProjectRow): Promise<void> {
      const data = { projectId: id, revision, allowedDomains }
      await addEvent(tx, events['auth.project-changed'], { aggregateId: id, sequence: revision }, data)
    },

    async addProjectErased(projectId: string): Promise<void> {
      await addEvent(tx, events['auth.project-erased'], { aggregateId: projectId, sequence: 1 }, { projectId })
    },

    async addUserErased(userId: string): Promise<void> {
      await addEvent(tx, events['auth.user-erased'], { aggregateId: userId, sequence: 1 }, { userId })
    },
  }
}
