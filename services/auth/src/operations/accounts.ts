import type { Call } from '@kinora/common/contract'
import type { RevocationReason } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import type { UserRow } from '../db/schema.ts'
import type { UserChange } from '../domain/users.ts'
import { evictApiKeys, revokeApiKeys } from './api-keys.ts'
import { leaveAllProjects } from './projects.ts'
import { removeSecondFactor } from './second-factor.ts'
import { endSessions } from './sessions.ts'
import type { Work } from './transact.ts'

/**
 * Access tokens contain the role, so a demotion ends sessions, and API keys are resolved again. A promotion takes effect with
 * the next access token.
 */
const ENDS_SESSIONS: Partial<Record<UserChange, RevocationReason>> = {
  user_disable: 'account_disabled',
  // Of an administrator this is a demotion as well.
  user_make_support: 'role_changed',
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
 * Gives a locked account to the owner of its address, audited, in the caller's transaction: sets password and name from
 * `wanted`, and removes everything else that an earlier owner could sign in with.
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
  await closeUnprovedAccess(work, account, 'password_reset', call, now)
}

/**
 * Removes from a locked account everything that was created before its address was confirmed, audited, in the caller's transaction:
 * sessions, API keys, passkeys, the authenticator app, and webhooks in media. A stranger may have
 * registered the address, and must keep no way in. Nothing happens where the address was proved before.
 */
export async function closeUnprovedAccess(
  work: Work,
  account: UserRow,
  reason: 'password_reset' | 'email_verified',
  call: Call,
  now: Date,
): Promise<void> {
  if (account.email_verified_at) return
  const userId = account.id
  await endSessions(work, { userId, reason }, now)
  await revokeApiKeys(work, { userId }, call, now)
  await removeSecondFactor(work, account, call, now)
  await work.addAccountClaimed(userId)
}

/**
 * Deletes an account: with the commit its address is free, its tokens are refused and all its rows in auth are removed. The
 * event to the other services is repeated until they have answered (`background/finish-erasures.ts`). Its personal project goes
 * with it, other projects stay. Throws `LAST_ADMIN` for the last administrator, `LAST_OWNER`; false when the account was already deleted.
 */
export async function eraseAccount(ctx: Context, id: string, call: Call): Promise<boolean> {
  const now = ctx.now()
  return await ctx.transact(call, async (work) => {
    await refuseLastAdmin(work, id)
    if (!(await work.users.lock(id))) return false
    await leaveAllProjects(work, id)
    await work.audit.eraseOrigins(id)
    await work.audit.record(withoutOrigin(call), { action: 'account_erase', userId: id }, now)
    await work.erasures.insert(id, now)
    await work.addUserErased(id)
    // Before the rows are deleted: the revocations need the sessions' expiry and the ids of the keys.
    await endSessions(work, { userId: id, reason: 'account_erased' }, now)
    await evictApiKeys(work, { userId: id, reason: 'account_erased' }, now)
    return await work.users.delete(id)
  })
}

/** Throws `LAST_ADMIN`. Of two administrators who leave at the same time the second waits here and is refused. */
async function refuseLastAdmin(work: Work, userId: string): Promise<void> {
  const people = (await work.users.lockAdmins()).filter(({ signsIn }) => signsIn)
  if (people.length === 1 && people[0]?.id === userId) throw new AppError('LAST_ADMIN')
}

/** Removes the client's address and user agent, so that the row of the erasure does not contain them. */
function withoutOrigin({ actor, requestId, timeoutMs }: Call): Call {
  return { actor, requestId, timeoutMs }
}
