import { randomBytes, randomUUID } from 'node:crypto'
import type { Call } from '@kinora/common/contract'
import { type RevocationReason, type SignedIn, signedOut } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { CLOCK_SKEW_MS } from '../config.ts'
import type { Context } from '../context.ts'
import type { SessionRow, UserRow } from '../db/schema.ts'
import { type AuditAction, originOf } from '../domain/audit.ts'
import { createDeviceToken } from '../domain/device-token.ts'
import { createRefreshToken } from '../domain/refresh-token.ts'
import { AMR, type Amr, transportOf } from '../domain/sign-in.ts'
import { toUser } from '../domain/views.ts'
import type { AccessToken } from '../infra/access-token.ts'
import { MAX_IDS_PER_REVOCATION } from '../repositories/revocations.ts'
import type { Work } from './transact.ts'

/** Opens a session, audited, for a user whose identity was just proved, and returns its access and refresh token. */
export async function openSession(
  ctx: Context,
  work: Work,
  action: 'register' | 'login',
  user: UserRow,
  call: Call,
  amr: Amr = AMR.password,
): Promise<SignedIn> {
  const now = ctx.now()
  const draft = {
    id: randomUUID(),
    user_id: user.id,
    refresh_counter: 0,
    refresh_salt: randomBytes(16),
    transport: transportOf(call),
    amr: [...amr],
    ...originOf(call),
    created_at: now,
    last_used_at: now,
    expires_at: new Date(now.getTime() + ctx.refreshTokens.lifetimeSeconds * 1000),
    ended_at: null,
    end_reason: null,
  }
  const access = ctx.issueAccessToken(draft, user, now)
  const session: SessionRow = { ...draft, access_expires_at: access.expiresAt }
  await work.sessions.insert(session)
  await work.audit.record(call, { action, userId: user.id, sessionId: session.id }, now)
  const deviceToken = createDeviceToken(ctx.deviceKey, user, now)
  return { ...signedInAnswer(ctx, user, session, access, now), deviceToken }
}

export interface SessionsToEnd {
  userId: string
  /** By default all sessions of the user. */
  sessionId?: string
  /** The session that continues when all others end. */
  exceptSessionId?: string
  reason: RevocationReason
}

/**
 * Ends sessions and revokes their access tokens, in the caller's transaction. Returns the number of sessions that it ended.
 */
export async function endSessions(work: Work, { reason, ...target }: SessionsToEnd, now: Date): Promise<number> {
  // With the lock a concurrent sign-in comes either before, and is ended, or after.
  if (!target.sessionId) await work.users.lock(target.userId)
  const ended = await work.sessions.end(target, reason, now)
  for (let at = 0; at < ended.length; at += MAX_IDS_PER_REVOCATION) {
    const group = ended.slice(at, at + MAX_IDS_PER_REVOCATION)
    const lastExpiry = Math.max(...group.map((session) => session.access_expires_at.getTime()))
    const expiresAt = new Date(lastExpiry + CLOCK_SKEW_MS)
    const sessionIds = group.map((session) => session.id)
    await work.addSessionsRevoked(await work.revocations.insert({ sessionIds, reason, expiresAt }, now))
  }
  return ended.length
}

/**
 * To be called, with the account locked, before something is added that outlives the session: a gateway may admit its
 * access token for up to a second after its end. Throws the reason of the end.
 */
export async function assertSessionLive(work: Work, sessionId: string): Promise<void> {
  const session = await work.sessions.byId(sessionId)
  if (!session) throw new AppError('UNAUTHENTICATED')
  if (session.end_reason) throw signedOut(session.end_reason, 'access')
}

/**
 * Ends sessions at their owner's request, audited, and notifies the gateways. Repeating it changes nothing. `alongside` runs in
 * the same transaction.
 */
export async function signOut(
  ctx: Context,
  call: Call,
  action: AuditAction,
  target: SessionsToEnd,
  alongside: (work: Work, now: Date) => Promise<void> = async () => {},
): Promise<void> {
  const now = ctx.now()
  await ctx.transact(call, async (work) => {
    const ended = await endSessions(work, target, now)
    const { userId, sessionId } = target
    if (ended > 0) await work.audit.record(call, { action, userId, sessionId }, now)
    await alongside(work, now)
  })
}

export function signedInAnswer(
  { refreshTokens }: Context,
  user: UserRow,
  session: Pick<SessionRow, 'id' | 'refresh_salt' | 'refresh_counter' | 'expires_at'>,
  access: AccessToken,
  now: Date,
): SignedIn {
  return {
    user: toUser(user),
    accessToken: access.token,
    tokenType: 'Bearer',
    expiresIn: access.expiresIn,
    refreshToken: createRefreshToken(refreshTokens.secret, session, session.refresh_counter),
    refreshExpiresIn: Math.floor((session.expires_at.getTime() - now.getTime()) / 1000),
  }
}
