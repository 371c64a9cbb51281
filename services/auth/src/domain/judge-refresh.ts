import type { ErrorCode } from '@kinora/common/errors'
import type { SessionRow, UserRow } from '../db/schema.ts'

/** `rotate`: hand out a new successor. `repeat`: hand out the same one again. Else the reason of the refusal. */
export type RefreshVerdict =
  | 'rotate'
  | 'repeat'
  | Extract<ErrorCode, `REFRESH_${string}` | 'SESSION_REVOKED' | 'ACCOUNT_DISABLED'>

type JudgedSession = Pick<SessionRow, 'refresh_counter' | 'expires_at' | 'ended_at' | 'end_reason'>

/**
 * What a genuine refresh token is worth. The parent of the newest token is honoured, because an answer may be lost and
 * two tabs may ask at once; anything older can only come from a copy (RFC 9700 section 4.14.2).
 */
export function judgeRefresh(
  session: JudgedSession,
  counter: number,
  user: Pick<UserRow, 'disabled_at'>,
  now: Date,
): RefreshVerdict {
  if (session.end_reason === 'refresh_reused') return 'REFRESH_REUSED'
  if (session.ended_at) return 'SESSION_REVOKED'
  if (session.expires_at <= now) return 'REFRESH_EXPIRED'
  // Genuine and from the future: the database was restored from a backup. Not the client's fault, so not reuse.
  if (counter > session.refresh_counter) return 'REFRESH_INVALID'
  if (counter < session.refresh_counter - 1) return 'REFRESH_REUSED'
  if (user.disabled_at) return 'ACCOUNT_DISABLED'
  return counter === session.refresh_counter ? 'rotate' : 'repeat'
}
