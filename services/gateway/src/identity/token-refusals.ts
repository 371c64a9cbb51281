import type { ErrorCode } from '@kinora/common/errors'

/** Why an access token or an API key is not accepted, apart from its not being there: each cause has its own code. */
export const TOKEN_REFUSALS: readonly ErrorCode[] = [
  'TOKEN_INVALID',
  'TOKEN_EXPIRED',
  'TOKEN_REVOKED',
  'KEY_RETIRED',
  'REFRESH_REUSED',
  'PASSWORD_CHANGED',
  'API_KEY_INVALID',
  'API_KEY_EXPIRED',
  'API_KEY_REVOKED',
  'ACCOUNT_DISABLED',
  'ACCOUNT_ERASED',
]
