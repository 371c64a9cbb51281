import type { Call } from '@kinora/common/contract'
import { AppError } from '@kinora/common/errors'
import { forgetApiKeys } from '../api-keys/forget-api-keys.ts'
import type { Context } from '../context.ts'
import type { Work } from '../repositories/index.ts'
import { endSessions } from '../sessions/end-sessions.ts'

/**
 * Deletes an account: with the commit its address is free, its tokens are refused and all its rows here are gone. The
 * other services are told, again and again until they have answered (`jobs/finish-erasures.ts`). Throws `LAST_ADMIN` for
 * what would leave nobody to administrate; false when somebody else has just deleted the account.
 */
export async function eraseAccount(ctx: Context, id: string, call: Call): Promise<boolean> {
  const now = ctx.now()
  const erased = await ctx.transact(async (work) => {
    await refuseLastAdmin(work, id)
    if (!(await work.users.lock(id))) return false
    await work.audit.eraseOrigins(id)
    await work.audit.record(withoutOrigin(call), { action: 'account_erase', userId: id }, now)
    await work.erasures.insert(id, now)
    await work.sayUserErased(id)
    // Sessions say until when access tokens must be refused, and keys which they are; then they go with the account.
    await endSessions(work, { userId: id, reason: 'account_erased' }, now)
    await forgetApiKeys(work, { userId: id, reason: 'account_erased' }, now)
    return await work.users.delete(id)
  })
  ctx.pokeRelay()
  return erased
}

/** Of two administrators who leave at the same time the second one waits here, and is told. */
async function refuseLastAdmin(work: Work, userId: string): Promise<void> {
  const people = (await work.users.lockAdmins()).filter(({ signsIn }) => signsIn)
  if (people.length === 1 && people[0]?.id === userId) throw new AppError('LAST_ADMIN')
}

/** The last thing that is known of a person should not be where they were. */
function withoutOrigin({ actor, requestId, timeoutMs }: Call): Call {
  return { actor, requestId, timeoutMs }
}
