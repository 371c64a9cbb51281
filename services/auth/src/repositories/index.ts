import type { Kysely } from 'kysely'
import type { AuthDb } from '../db/schema.ts'
import { apiKeyRepository } from './api-keys.ts'
import { auditRepository } from './audit.ts'
import { erasureRepository } from './erasures.ts'
import { idempotencyKeyRepository } from './idempotency-keys.ts'
import { inviteRepository } from './invites.ts'
import { mailQueueRepository, mailTokenRepository } from './mails.ts'
import { codeAttemptRepository, mfaChallengeRepository } from './mfa-challenges.ts'
import { passkeyChallengeRepository, passkeyRepository } from './passkeys.ts'
import { projectInvitationRepository } from './project-invitations.ts'
import { memberRepository, projectRepository } from './projects.ts'
import { revocationRepository } from './revocations.ts'
import { recoveryCodeRepository, totpFactorRepository } from './second-factors.ts'
import { sessionRepository } from './sessions.ts'
import { signingKeyRepository } from './signing-keys.ts'
import { userOverviewRepository, userRepository } from './users.ts'

export type Repositories = ReturnType<typeof repositories>

/** All tables, on a connection of the pool or in a transaction. */
export function repositories(db: Kysely<AuthDb>) {
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
    invites: inviteRepository(db),
    projects: projectRepository(db),
    members: memberRepository(db),
    projectInvitations: projectInvitationRepository(db),
    erasures: erasureRepository(db),
    idempotencyKeys: idempotencyKeyRepository(db),
    audit: auditRepository(db),
  }
}
