import type { Call } from '@kinora/common/contract'
import type { UserRow } from '../db/schema.ts'
import type { Work } from '../repositories/index.ts'

/** Takes authenticator app, recovery codes and passkeys from a locked account, audited, in the caller's transaction. */
export async function removeSecondFactor(
  work: Work,
  { id: userId, mfa_enabled_at }: Pick<UserRow, 'id' | 'mfa_enabled_at'>,
  call: Call,
  now: Date,
): Promise<void> {
  for (const { id } of await work.passkeys.ofUser(userId)) {
    await work.passkeys.delete(id, userId)
    await work.audit.record(call, { action: 'passkey_remove', userId }, now)
  }
  // Also one whose set-up was begun and not finished.
  await work.totpFactors.delete(userId)
  if (!mfa_enabled_at) return
  await work.recoveryCodes.delete(userId)
  await work.users.setMfaEnabled(userId, null, now)
  await work.audit.record(call, { action: 'totp_disable', userId }, now)
}
