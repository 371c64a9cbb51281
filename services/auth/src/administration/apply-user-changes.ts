import type { Call } from '@kinora/common/contract'
import type { RevocationReason } from '@kinora/common/contracts'
import { forgetApiKeys } from '../api-keys/forget-api-keys.ts'
import type { UserRow } from '../db/schema.ts'
import type { UserChange } from '../domain/user-changes.ts'
import type { Work } from '../repositories/index.ts'
import { endSessions } from '../sessions/end-sessions.ts'

/** Tokens carry the role, so those of a demoted account end, too; its API keys are looked at anew. Who is promoted gets the new role with the next one. */
const ENDS_SESSIONS: Partial<Record<UserChange, RevocationReason>> = {
  user_disable: 'account_disabled',
  user_demote: 'role_changed',
}

/** Changes a locked account, audited, in the caller's transaction; the relay must be poked after the commit. */
export async function applyUserChanges(
  work: Work,
  { id: userId }: Pick<UserRow, 'id'>,
  changes: readonly UserChange[],
  call: Call,
  now: Date,
): Promise<void> {
  for (const change of changes) {
    await work.users.apply(userId, change, now)
    const reason = ENDS_SESSIONS[change]
    await work.audit.record(call, { action: change, userId }, now)
    if (!reason) continue
    await endSessions(work, { userId, reason }, now)
    await forgetApiKeys(work, { userId, reason }, now)
  }
}
