/**
 * For tests that are about something else than rate limits: one address makes many accounts. Encoding is as fast as it
 * goes, since no test looks at the pictures.
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
  BREAKER_RESET_MS: '500',
} as const

/** For tests that interrupt work: what is copied is done before. */
export const ENCODED = { REMUX: 'false' } as const
