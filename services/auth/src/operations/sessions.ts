import { randomBytes, randomUUID } from 'node:crypto'
import type { Call } from '@kinora/common/contract'
import type { SignedIn } from '@kinora/common/contracts'
import type { Context } from '../context.ts'
import type { SessionRow, UserRow } from '../db/schema.ts'
import { originOf } from '../repositories/audit.ts'
import type { Work } from '../repositories/index.ts'
import { AMR, type Amr } from './amr.ts'
import { signedInAnswer } from './signed-in-answer.ts'
import { transportOf } from './transport-of.ts'

/** A new session, audited, for a user who has just proved who they are, with its first two tokens. */
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
  return signedInAnswer(ctx, user, session, access, now)
}
