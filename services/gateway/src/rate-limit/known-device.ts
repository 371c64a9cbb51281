import { auth } from '@kinora/common/contracts'
import type { Request } from 'express'
import { deviceCookie } from '../browser-session/session-cookies.ts'
import { gatewayCall, type Rpc } from '../rpc.ts'
import type { RateLimitKey } from './policies.ts'

/**
 * The counter of a sign-in from a client that has signed in to the same account before: its own, with the same allowance.
 * Wrong passwords from elsewhere then do not keep the owner out. A token that is forged, or of another account, counts as
 * none, and so does any while auth cannot be asked.
 */
export async function countedByDevice(
  rpc: Rpc,
  req: Request,
  { email, deviceToken: sent }: Record<string, unknown>,
  counter: RateLimitKey,
): Promise<RateLimitKey> {
  const deviceToken = sent ?? deviceCookie(req)
  if (counter.rule !== 'account' || typeof email !== 'string' || typeof deviceToken !== 'string') return counter
  const asked = rpc(auth.resolveDevice, { email, deviceToken }, gatewayCall())
  const { deviceId } = await asked.catch(() => ({ deviceId: null }))
  return deviceId === null ? counter : { ...counter, key: `${counter.key}:${deviceId}` }
}
