import type { ErrorCode } from '@kinora/common/errors'
import type { ApiKeyRow, UserRow } from '../db/schema.ts'

/** Why a key is not good, or null. What its owner has done to it comes before what time has. */
export function judgeApiKey(
  key: Pick<ApiKeyRow, 'revoked_at' | 'expires_at'>,
  owner: Pick<UserRow, 'disabled_at'>,
  now: Date,
): Extract<ErrorCode, 'API_KEY_REVOKED' | 'API_KEY_EXPIRED' | 'ACCOUNT_DISABLED'> | null {
  if (key.revoked_at) return 'API_KEY_REVOKED'
  if (key.expires_at && key.expires_at <= now) return 'API_KEY_EXPIRED'
  return owner.disabled_at ? 'ACCOUNT_DISABLED' : null
}
