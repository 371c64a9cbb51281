import { pino } from 'pino'

export type Logger = pino.Logger

/** Anything under these names is a secret wherever it stands; the log shows that it was there and no more. */
const SECRET_NAMES = [
  'password',
  'currentPassword',
  'newPassword',
  'accessToken',
  'refreshToken',
  'token',
  'secret',
  'authorization',
  'cookie',
]
const redact = {
  paths: SECRET_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`, `*.*.*.${name}`]),
  censor: '[secret]',
}

/** JSON lines on standard output: `{time, level, service, msg, …}`. */
export function createLogger(service: string, level: string): Logger {
  return pino({
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact,
  })
}
