import type { Logger } from '@kinora/common/service'
import type { AuthMetrics } from '../infra/metrics.ts'
import type { Transact, Work } from '../operations/transact.ts'

/** For this long a token of an ended session is refused with the reason; afterwards it is unknown. */
const KEEP_SESSIONS_MS = 7 * 24 * 3600 * 1000
/** For this long an ended API key is refused with the reason. */
const KEEP_API_KEYS_MS = 90 * 24 * 3600 * 1000
/** Rows deleted per transaction, so that no lock is held for long. */
const BATCH = 1000

type Removal = (work: Work, now: Date) => Promise<number>

/** Rows that expire. The audit log does not. */
const REMOVALS: Record<string, Removal> = {
  sessions: (work, now) => work.sessions.deleteExpired(new Date(now.getTime() - KEEP_SESSIONS_MS), BATCH),
  api_keys: (work, now) => work.apiKeys.deleteEnded(new Date(now.getTime() - KEEP_API_KEYS_MS), BATCH),
  mail_tokens: (work, now) => work.mailTokens.deleteExpired(now, BATCH),
  invites: (work, now) => work.invites.deleteExpired(now, BATCH),
  project_invitations: (work, now) => work.projectInvitations.deleteExpired(now, BATCH),
  idempotency_keys: (work, now) => work.idempotencyKeys.deleteExpired(now, BATCH),
  revocations: (work, now) => work.revocations.deleteExpired(now, BATCH),
  signing_keys: (work, now) => work.signingKeys.deleteExpired(now),
  totp_setups: (work, now) => work.totpFactors.deleteExpiredSetups(now, BATCH),
  code_attempts: (work, now) => work.codeAttempts.deleteExpired(now, BATCH),
  mfa_challenges: (work, now) => work.mfaChallenges.deleteExpired(now, BATCH),
  passkey_challenges: (work, now) => work.passkeyChallenges.deleteExpired(now, BATCH),
}

export interface CleanUpOptions {
  transact: Transact
  metrics: AuthMetrics
  logger: Logger
  now: () => Date
}

/** Deletes expired rows, batch by batch. Only one process does so at a time; others find the lock taken and return. */
export async function cleanUp({ transact, metrics, logger, now }: CleanUpOptions, signal?: AbortSignal): Promise<void> {
  for (const [what, remove] of Object.entries(REMOVALS)) {
    let removed: number
    do {
      removed = await transact(null, async (work) => ((await work.tryLock('clean-up')) ? await remove(work, now()) : 0))
      metrics.cleanUpRemoved.inc({ what }, removed)
      if (removed > 0) logger.info({ what, removed }, 'removed expired rows')
    } while (removed === BATCH && !signal?.aborted)
  }
}
