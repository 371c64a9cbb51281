import type { RevocationReason } from '@kinora/common/contracts'
import { CLOCK_SKEW_MS } from '../domain/clock-skew.ts'
import type { Work } from '../repositories/index.ts'
import { MAX_IDS_PER_REVOCATION } from '../repositories/revocations.ts'

export interface SessionsToEnd {
  userId: string
  /** Left out: all of them. */
  sessionId?: string
  /** Of all, the one that goes on. */
  exceptSessionId?: string
  reason: RevocationReason
}

/**
 * Ends sessions and has their access tokens refused, in the caller's transaction; the relay must be poked after the
 * commit. Returns how many were ended, 0 when there was nothing left to end.
 */
export async function endSessions(work: Work, { reason, ...target }: SessionsToEnd, now: Date): Promise<number> {
  // "All" must have an edge: a sign-in is before it, and ended, or after it.
  if (!target.sessionId) await work.users.lock(target.userId)
  const ended = await work.sessions.end(target, reason, now)
  for (let at = 0; at < ended.length; at += MAX_IDS_PER_REVOCATION) {
    const group = ended.slice(at, at + MAX_IDS_PER_REVOCATION)
    const lastExpiry = Math.max(...group.map((session) => session.access_expires_at.getTime()))
    const expiresAt = new Date(lastExpiry + CLOCK_SKEW_MS)
    const sessionIds = group.map((session) => session.id)
    await work.saySessionsRevoked(await work.revocations.insert({ sessionIds, reason, expiresAt }, now))
  }
  return ended.length
}
