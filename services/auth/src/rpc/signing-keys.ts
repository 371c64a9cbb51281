import type { Handler } from '@kinora/common/contract'
import type { auth, SigningKeyInfo } from '@kinora/common/contracts'
import type { Context } from '../context.ts'
import type { SigningKeyRow } from '../db/schema.ts'

export function getJwks({ keys }: Context): Handler<typeof auth.getJwks> {
  return async () => {
    // Gateways ask when keys have changed, which another process may have done. Without the database, those read within the
    // last 30 seconds are returned.
    await keys.read().catch(() => {})
    return keys.document
  }
}

export function listKeys(ctx: Context): Handler<typeof auth.listKeys> {
  return async () => await allKeys(ctx)
}

export function rotateKeys(ctx: Context): Handler<typeof auth.rotateKeys> {
  return async (_input, call) => {
    await ctx.keyRotator.rotate(call)
    return await allKeys(ctx)
  }
}

export function retireKey(ctx: Context): Handler<typeof auth.retireKey> {
  return async ({ kid, reason }, call) => {
    await ctx.keyRotator.retire(call, kid, reason)
    return await allKeys(ctx)
  }
}

/** All signing keys; the operator's methods answer with this after each change. */
async function allKeys({ signingKeys }: Context): Promise<{ keys: SigningKeyInfo[] }> {
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
