import type { SessionTransport } from '@kinora/common/contract'
import { signedOut } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { SessionRow, UserRow } from '../db/schema.ts'

/** `rotate`: hand out a new successor. `repeat`: hand out the same one again. Else the refusal. */
export type RefreshVerdict = 'rotate' | 'repeat' | AppError

type RefreshedSession = Pick<SessionRow, 'refresh_counter' | 'transport' | 'expires_at' | 'end_reason'>

export interface PresentedToken {
  counter: number
  transport: SessionTransport
}

/**
 * What a genuine refresh token is worth. The parent of the newest token is honoured, because an answer may be lost and
 * two tabs may ask at once; anything older can only come from a copy (RFC 9700 section 4.14.2).
 */
export function evaluateRefresh(
  session: RefreshedSession,
  { counter, transport }: PresentedToken,
  user: Pick<UserRow, 'disabled_at'>,
  now: Date,
): RefreshVerdict {
  // Before all else: a token presented over the wrong transport reveals nothing and ends nothing.
  if (transport !== session.transport) return new AppError('REFRESH_TRANSPORT_MISMATCH')
  if (session.end_reason) return signedOut(session.end_reason, 'refresh')
  if (session.expires_at <= now) return new AppError('REFRESH_EXPIRED')
  // Genuine and from the future: the database was restored from a backup. Not the client's fault, so not reuse.
  if (counter > session.refresh_counter) return new AppError('REFRESH_INVALID')
  if (counter < session.refresh_counter - 1) return signedOut('refresh_reused', 'refresh')
  if (user.disabled_at) return signedOut('account_disabled', 'refresh')
  return counter === session.refresh_counter ? 'rotate' : 'repeat'
}
