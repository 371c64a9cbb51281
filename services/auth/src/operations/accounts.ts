import type { Call } from '@kinora/common/contract'
import type { RevocationReason } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import type { UserRow } from '../db/schema.ts'
import type { UserChange } from '../domain/users.ts'
import { evictApiKeys } from './api-keys.ts'
import { removeSecondFactor } from './second-factor.ts'
import { endSessions } from './sessions.ts'
import type { Work } from './transact.ts'

/**
 * Tokens carry the role, so a demotion ends them, and the API keys are resolved again. A promotion takes effect with the next
 * access token.
 */
const ENDS_SESSIONS: Partial<Record<UserChange, RevocationReason>> = {
  user_disable: 'account_disabled',
  user_demote: 'role_changed',
}

/** Changes a locked account, audited, in the caller's transaction. */
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
    await evictApiKeys(work, { userId, reason }, now)
  }
}

/**
 * Hands a locked account to the owner of its address, audited, in the caller's transaction: password and name are those of
 * `wanted`, and every other way in that an earlier owner created is closed.
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
  await evictApiKeys(work, { userId, reason: 'api_key_revoked' }, now)
  for (const apiKeyId of ids) {
    await work.apiKeys.revoke(apiKeyId, userId, now)
    await work.audit.record(call, { action: 'api_key_revoke', userId, apiKeyId }, now)
  }
}

/**
 * Deletes an account: with the commit its address is free, its tokens are refused and all its rows here are gone. The
 * event to the other services is repeated until they have answered (`background/finish-erasures.ts`). Throws `LAST_ADMIN` for
 * what would leave nobody to administrate; false when somebody else has just deleted the account.
 */
export async function eraseAccount(ctx: Context, id: string, call: Call): Promise<boolean> {
  const now = ctx.now()
  return await ctx.transact(async (work) => {
    await refuseLastAdmin(work, id)
    if (!(await work.users.lock(id))) return false
    await work.audit.eraseOrigins(id)
    await work.audit.record(withoutOrigin(call), { action: 'account_erase', userId: id }, now)
    await work.erasures.insert(id, now)
    await work.addUserErased(id)
    // Sessions say until when access tokens must be refused, and keys which they are; then they go with the account.
    await endSessions(work, { userId: id, reason: 'account_erased' }, now)
    await evictApiKeys(work, { userId: id, reason: 'account_erased' }, now)
    return await work.users.delete(id)
  })
}

/** Of two administrators who leave at the same time the second one waits here, and is refused. */
async function refuseLastAdmin(work: Work, userId: string): Promise<void> {
  const people = (await work.users.lockAdmins()).filter(({ signsIn }) => signsIn)
  if (people.length === 1 && people[0]?.id === userId) throw new AppError('LAST_ADMIN')
}

/** The last thing that is known of a person should not be where they were. */
function withoutOrigin({ actor, requestId, timeoutMs }: Call): Call {
  return { actor, requestId, timeoutMs }
}
