import type { Call, Handler } from '@kinora/common/contract'
import { type auth, normaliseEmail } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import type { UserRow } from '../db/schema.ts'
import { createUser } from '../domain/users.ts'
import { applyUserChanges, claimAccount } from '../operations/accounts.ts'
import { evaluatePassword } from '../operations/passwords.ts'
import { insertAccount } from '../operations/projects.ts'
import type { Work } from '../operations/transact.ts'
import { overviewOf } from './users.ts'

interface Result {
  userId: string
  outcome: 'created' | 'claimed' | 'promoted' | 'unchanged'
}

export function createAdmin(ctx: Context): Handler<typeof auth.createAdmin> {
  return async ({ email: typed, password, displayName = null }, call) => {
    const email = normaliseEmail(typed)
    // Promotes again, because the address may have been registered or confirmed while the hash was computed.
    const result =
      (await promote(ctx, email, call)) ??
      (await createOrClaim(ctx, { email, password, displayName, role: 'admin' }, call)) ??
      (await promote(ctx, email, call))
    if (!result)
      throw new AppError('DEPENDENCY_UNAVAILABLE', { detail: 'The account was changed at the same time; try again' })
    return { user: await overviewOf(ctx, result.userId), outcome: result.outcome }
  }
}

/** An account whose address the operator vouches for. Throws `EMAIL_TAKEN` where a confirmed one has the address. */
export function createAccount(ctx: Context): Handler<typeof auth.createAccount> {
  return async ({ email, password, displayName = null }, call) => {
    const wanted = { email: normaliseEmail(email), password, displayName, role: 'user' } as const
    const result = await createOrClaim(ctx, wanted, call)
    if (!result) throw new AppError('EMAIL_TAKEN')
    return await overviewOf(ctx, result.userId)
  }
}

interface WantedAccount {
  email: string
  password: string
  displayName: string | null
  role: 'user' | 'admin'
}

/** Null when no account has this address, or its address was never confirmed. */
async function promote(ctx: Context, email: string, call: Call): Promise<Result | null> {
  return await ctx.transact(call, async (work) => {
    const found = await work.users.byEmail(email)
    const user = found && (await work.users.lock(found.id))
    if (!user) return null
    if (user.role === 'admin') return { userId: user.id, outcome: 'unchanged' }
    if (!user.email_verified_at) return null
    await applyUserChanges(work, user, ['user_promote'], call, ctx.now())
    return { userId: user.id, outcome: 'promoted' }
  })
}

/** Null when a confirmed account has this address meanwhile. */
async function createOrClaim(
  ctx: Context,
  { email, password, displayName, role }: WantedAccount,
  call: Call,
): Promise<Result | null> {
  const problem = await evaluatePassword(ctx, password, { email, display_name: displayName })
  if (problem) throw problem
  const passwordHash = await ctx.passwords.hash(password, call.signal)
  const now = ctx.now()
  // The operator vouches for the address; otherwise the first administrator would need a mail to confirm it.
  const verified: Partial<UserRow> = { role, email_verified_at: now }
  const user = { ...createUser(email, passwordHash, displayName, now), ...verified }
  return await ctx.transact(call, async (work) => {
    if (!(await insertAccount(work, user))) return await claim(work, user, call)
    await work.audit.record(call, { action: `${role}_create`, userId: user.id }, now)
    return { userId: user.id, outcome: 'created' }
  })
}

/** An account whose address was never confirmed may belong to a stranger, who must not keep a way in. */
async function claim(work: Work, wanted: UserRow, call: Call): Promise<Result | null> {
  const found = await work.users.byEmail(wanted.email)
  const user = found && (await work.users.lock(found.id))
  if (!user || user.email_verified_at || user.role === 'admin') return null
  await claimAccount(work, user, wanted, call)
  if (wanted.role === 'admin') await applyUserChanges(work, user, ['user_promote'], call, wanted.created_at)
  return { userId: user.id, outcome: 'claimed' }
}
