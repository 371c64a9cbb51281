/**
 * For tests that are about something else than rate limits: one address makes many accounts. Encoding and password
 * hashes are as fast as they go, since no test looks at the pictures or guesses passwords.
 */
export const GENEROUS = {
  RATE_LIMIT_REGISTER: '1000/60',
  RATE_LIMIT_LOGIN: '1000/60',
  RATE_LIMIT_REFRESH: '1000/60',
  RATE_LIMIT_PASSWORD: '1000/60',
  RATE_LIMIT_MFA: '1000/60',
  RATE_LIMIT_MAIL: '1000/60',
  RATE_LIMIT_MAIL_TOKEN: '1000/60',
  RATE_LIMIT_ANONYMOUS: '1000000/60',
  RATE_LIMIT_USER: '1000000/60',
  RATE_LIMIT_UPLOAD: '1000/60',
  RATE_LIMIT_PLAYBACK: '1000000/60',
  X264_PRESET: 'ultrafast',
  BCRYPT_COST: '10',
  BREAKER_RESET_MS: '500',
} as const

/** For tests that interrupt work: what is copied is done before. */
export const ENCODED = { REMUX: 'false' } as const
