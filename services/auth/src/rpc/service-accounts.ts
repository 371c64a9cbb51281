import { randomUUID } from 'node:crypto'
import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import { pageOf } from '@kinora/common/cursor'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import { createUser } from '../domain/users.ts'
import { toApiKey, toUser } from '../domain/views.ts'
import { issueApiKey, revokeApiKey } from '../operations/api-keys.ts'
import { reauthenticate } from '../operations/passwords.ts'
import { insertAccount } from '../operations/projects.ts'
import { cursorAt, pageRequest } from '../repositories/pages.ts'
import { byAdmin, forServiceAccount } from './guards.ts'

export function createServiceAccount(ctx: Context): Handler<typeof auth.createServiceAccount> {
  return byAdmin<typeof auth.createServiceAccount>(ctx, async ({ displayName }, call) => {
    const now = ctx.now()
    // RFC 2606 section 2: mail to such an address goes nowhere.
    const user = createUser(`${randomUUID()}@service.invalid`, null, displayName, now)
    await ctx.transact(call, async (work) => {
      if (!(await insertAccount(work, user))) throw new AppError('INTERNAL')
      await work.audit.record(call, { action: 'service_account_create', userId: user.id }, now)
    })
    return toUser(user)
  })
}

export function listServiceAccounts(ctx: Context): Handler<typeof auth.listServiceAccounts> {
  return byAdmin<typeof auth.listServiceAccounts>(ctx, async ({ limit, cursor }) => {
    const rows = await ctx.users.serviceAccounts(pageRequest(limit, cursor))
    return pageOf(rows, limit, toUser, cursorAt)
  })
}

export function createServiceAccountKey(ctx: Context): Handler<typeof auth.createServiceAccountKey> {
  return forServiceAccount<typeof auth.createServiceAccountKey>(ctx, async ({ userId, password, ...fields }, call) => {
    if (call.actor.kind === 'user') {
      if (call.actor.sessionId === undefined) throw new AppError('FORBIDDEN')
      await reauthenticate(ctx, call.actor, password, 'api_key_create', call)
    }
    return await issueApiKey(ctx, call, userId, fields)
  })
}

export function listServiceAccountKeys(ctx: Context): Handler<typeof auth.listServiceAccountKeys> {
  return forServiceAccount<typeof auth.listServiceAccountKeys>(ctx, async ({ userId, limit, cursor }) => {
    const rows = await ctx.apiKeys.notRevoked({ userId }, pageRequest(limit, cursor))
    return pageOf(rows, limit, toApiKey, cursorAt)
  })
}

export function revokeServiceAccountKey(ctx: Context): Handler<typeof auth.revokeServiceAccountKey> {
  return forServiceAccount<typeof auth.revokeServiceAccountKey>(ctx, async ({ userId, keyId }, call) => {
    await revokeApiKey(ctx, call, userId, keyId)
    return {}
  })
}
