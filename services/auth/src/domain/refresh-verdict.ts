import type { SessionTransport } from '@kinora/common/contract'
import { signedOut } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { SessionRow, UserRow } from '../db/schema.ts'

/** `rotate`: issue a new successor. `repeat`: issue the same successor again. Otherwise the refusal. */
export type RefreshVerdict = 'rotate' | 'repeat' | AppError

type RefreshedSession = Pick<SessionRow, 'refresh_counter' | 'transport' | 'expires_at' | 'end_reason'>

export interface PresentedToken {
  counter: number
  transport: SessionTransport
}

/**
 * What to do with a genuine refresh token. The parent of the newest token is accepted, because an answer may be lost and two
 * tabs may refresh at once; an older one can only come from a copy (RFC 9700 section 4.14.2).
 */
export function evaluateRefresh(
  session: RefreshedSession,
  { counter, transport }: PresentedToken,
  user: Pick<UserRow, 'disabled_at'>,
  now: Date,
): RefreshVerdict {
  // Checked first, so that a token over the wrong transport reveals nothing and ends nothing.
  if (transport !== session.transport) return new AppError('REFRESH_TRANSPORT_MISMATCH')
  if (session.end_reason) return signedOut(session.end_reason, 'refresh')
  if (session.expires_at <= now) return new AppError('REFRESH_EXPIRED')
  // A genuine token with a later counter: the database was restored from a backup, so this is not reuse.
  if (counter > session.refresh_counter) return new AppError('REFRESH_INVALID')
  if (counter < session.refresh_counter - 1) return signedOut('refresh_reused', 'refresh')
  if (user.disabled_at) return signedOut('account_disabled', 'refresh')
  return counter === session.refresh_counter ? 'rotate' : 'repeat'
}
