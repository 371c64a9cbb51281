import { serviceOnly } from '@kinora/common/actor'
import type { Handler } from '@kinora/common/contract'
import type { auth, SigningKeyInfo } from '@kinora/common/contracts'
import type { Context } from '../context.ts'
import type { SigningKeyRow } from '../db/schema.ts'

export function listKeys(ctx: Context): Handler<typeof auth.listKeys> {
  return async (_input, { actor }) => {
    serviceOnly(actor, 'operator')
    return await allKeys(ctx)
  }
}

/** What each method about signing keys answers: how they are now. */
export async function allKeys({ signingKeys }: Context): Promise<{ keys: SigningKeyInfo[] }> {
  return { keys: (await signingKeys.all()).map(toInfo) }
}

function toInfo(row: SigningKeyRow): SigningKeyInfo {
  return {
    kid: row.kid,
    stage: row.stage,
    createdAt: row.created_at.toISOString(),
    currentSince: row.current_since?.toISOString() ?? null,
    expiresAt: row.expires_at?.toISOString() ?? null,
    retireReason: row.retire_reason,
  }
}

export function rotateKeys(ctx: Context): Handler<typeof auth.rotateKeys> {
  return async (_input, call) => {
    serviceOnly(call.actor, 'operator')
    await ctx.keyRotator.rotate(call)
    return await allKeys(ctx)
  }
}

export function retireKey(ctx: Context): Handler<typeof auth.retireKey> {
  return async ({ kid, reason }, call) => {
    serviceOnly(call.actor, 'operator')
    await ctx.keyRotator.retire(call, kid, reason)
    return await allKeys(ctx)
  }
}

export function getJwks({ keys }: Context): Handler<typeof auth.getJwks> {
  return async () => keys.document
}
