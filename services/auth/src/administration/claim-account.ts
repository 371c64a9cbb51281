import type { Call } from '@kinora/common/contract'
import { forgetApiKeys } from '../api-keys/forget-api-keys.ts'
import type { UserRow } from '../db/schema.ts'
import type { Work } from '../repositories/index.ts'
import { removeSecondFactor } from '../second-factor/remove-second-factor.ts'
import { endSessions } from '../sessions/end-sessions.ts'

/**
 * Hands a locked account to the owner of its address, audited, in the caller's transaction: password and name are those of
 * `wanted`, and every other way in that somebody before has made is closed. The relay must be poked after the commit.
 */
export async function claimAccount(
  work: Work,
  account: UserRow,
  wanted: Pick<UserRow, 'password_hash' | 'display_name' | 'created_at'>,
  call: Call,
): Promise<void> {
  const now = wanted.created_at
  const userId = account.id
  if (wanted.password_hash === null) throw new Error('a claimed account needs a password')
  await work.users.resetPassword(userId, wanted.password_hash, now)
  await work.users.setDisplayName(userId, wanted.display_name, now)
  await work.mailTokens.discard(userId, 'verify_email')
  await work.mailTokens.discard(userId, 'reset_password')
  await work.audit.record(call, { action: 'password_reset', userId }, now)
  await endSessions(work, { userId, reason: 'password_reset' }, now)
  await removeApiKeys(work, userId, call, now)
  await removeSecondFactor(work, account, call, now)
}

async function removeApiKeys(work: Work, userId: string, call: Call, now: Date): Promise<void> {
  const ids = await work.apiKeys.liveIds(userId, now)
  await forgetApiKeys(work, { userId, reason: 'api_key_revoked' }, now)
  for (const apiKeyId of ids) {
    await work.apiKeys.revoke(apiKeyId, userId, now)
    await work.audit.record(call, { action: 'api_key_revoke', userId, apiKeyId }, now)
  }
}
