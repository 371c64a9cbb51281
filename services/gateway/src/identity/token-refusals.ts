import type { ErrorCode } from '@kinora/common/errors'

/** Why an access token is not accepted, apart from its not being there: each cause has its own code. */
export const TOKEN_REFUSALS: readonly ErrorCode[] = [
  'TOKEN_INVALID',
  'TOKEN_EXPIRED',
  'TOKEN_REVOKED',
  'KEY_RETIRED',
  'REFRESH_REUSED',
  'PASSWORD_CHANGED',
  'ACCOUNT_DISABLED',
  'ACCOUNT_ERASED',
]
