import type { RevocationReason } from '@kinora/common/contracts'
import type { Work } from '../repositories/index.ts'
import { MAX_IDS_PER_REVOCATION } from '../repositories/revocations.ts'

/** No stream that an API key has opened lasts longer, so a gateway that was away for longer need not be told. */
const KEEP_MS = 3_600_000

export interface ApiKeysToForget {
  userId: string
  /** Left out: all of the account. */
  keyId?: string
  reason: RevocationReason
}

/**
 * Makes every gateway forget what it knows of API keys, and end what they have opened, within a second: the next use
 * asks `resolveApiKey`, which looks at the key and its owner as they are then. To be called, in the same transaction, by
 * whatever revokes a key or disables, demotes or deletes an account (before its rows go); the relay must be poked after
 * the commit.
 */
export async function forgetApiKeys(work: Work, { userId, keyId, reason }: ApiKeysToForget, now: Date): Promise<void> {
  const ids = keyId === undefined ? await work.apiKeys.liveIds(userId, now) : [keyId]
  const expiresAt = new Date(now.getTime() + KEEP_MS)
  for (let at = 0; at < ids.length; at += MAX_IDS_PER_REVOCATION) {
    const apiKeyIds = ids.slice(at, at + MAX_IDS_PER_REVOCATION)
    await work.saySessionsRevoked(await work.revocations.insert({ apiKeyIds, reason, expiresAt }, now))
  }
}
