import { events, type KeyDocument, type Revocation } from '@kinora/common/contracts'
import { sayEvent } from '@kinora/common/db'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { AuthDb } from '../db/schema.ts'
import { auditDraft, auditRepository, type RecordAudit } from '../domain/audit.ts'
import { apiKeyRepository } from '../repositories/api-keys.ts'
import { type AuditDraft, appendAudit } from '../repositories/audit.ts'
import { erasureRepository } from '../repositories/erasures.ts'
import { mailQueueRepository, mailTokenRepository } from '../repositories/mails.ts'
import { codeAttemptRepository, mfaChallengeRepository } from '../repositories/mfa-challenges.ts'
import { passkeyChallengeRepository, passkeyRepository } from '../repositories/passkeys.ts'
import { revocationRepository } from '../repositories/revocations.ts'
import { recoveryCodeRepository, totpFactorRepository } from '../repositories/second-factors.ts'
import { sessionRepository } from '../repositories/sessions.ts'
import { signingKeyRepository } from '../repositories/signing-keys.ts'
import { userOverviewRepository, userRepository } from '../repositories/users.ts'

export type Repositories = ReturnType<typeof repositories>
export type Work = ReturnType<typeof work>
/** Runs `body` in one transaction: all that it does is committed, or none. */
export type Transact = <T>(body: (work: Work) => Promise<T>) => Promise<T>

/** For what needs no transaction. `auditKey` is that of the audit log's chain. */
export function repositories(db: Kysely<AuthDb>, auditKey: Buffer) {
  const record: RecordAudit = (...entry) => transact(db, auditKey)((work) => work.audit.record(...entry))
  return { ...tables(db), audit: { ...auditRepository(db), record } }
}

export function transact(db: Kysely<AuthDb>, auditKey: Buffer): Transact {
  return (body) =>
    db.transaction().execute(async (tx) => {
      const drafts: AuditDraft[] = []
      const result = await body(work(tx, drafts))
      // Last of all, whenever it was asked for: appends of the whole installation take turns until the commit.
      await appendAudit(tx, auditKey, drafts)
      return result
    })
}

function tables(db: Kysely<AuthDb>) {
  return {
    users: userRepository(db),
    userOverviews: userOverviewRepository(db),
    sessions: sessionRepository(db),
    apiKeys: apiKeyRepository(db),
    revocations: revocationRepository(db),
    signingKeys: signingKeyRepository(db),
    mailQueue: mailQueueRepository(db),
    mailTokens: mailTokenRepository(db),
    totpFactors: totpFactorRepository(db),
    recoveryCodes: recoveryCodeRepository(db),
    codeAttempts: codeAttemptRepository(db),
    mfaChallenges: mfaChallengeRepository(db),
    passkeys: passkeyRepository(db),
    passkeyChallenges: passkeyChallengeRepository(db),
    erasures: erasureRepository(db),
  }
}

/** What only makes sense inside a transaction is offered only there. */
function work(tx: Transaction<AuthDb>, drafts: AuditDraft[]) {
  const record: RecordAudit = async (...entry) => void drafts.push(auditDraft(...entry))
  return {
    ...tables(tx),
    audit: { ...auditRepository(tx), record },
    /** Held until the commit; false when another transaction, here or in another process, holds it. */
    async tryLock(name: string): Promise<boolean> {
      const { rows } = await sql<{ locked: boolean }>`
        select pg_try_advisory_xact_lock(hashtext(${`kinora-auth-${name}`})) as locked`.execute(tx)
      return rows[0]?.locked ?? false
    },

    /** Waits for it, and holds it until the commit. */
    async lock(name: string): Promise<void> {
      await sql`select pg_advisory_xact_lock(hashtext(${`kinora-auth-${name}`}))`.execute(tx)
    },

    async sayKeysChanged(document: KeyDocument): Promise<void> {
      // Events about keys only ever add knowledge, so their order does not matter.
      await sayEvent(tx, events['auth.keys-changed'], { aggregateId: 'keys', sequence: 0 }, document)
    },

    async saySessionsRevoked(revocation: Revocation): Promise<void> {
      const about = { aggregateId: 'revocations', sequence: revocation.sequence }
      await sayEvent(tx, events['auth.sessions-revoked'], about, revocation)
    },

    async sayUserErased(userId: string): Promise<void> {
      await sayEvent(tx, events['auth.user-erased'], { aggregateId: userId, sequence: 1 }, { userId })
    },
  }
}
