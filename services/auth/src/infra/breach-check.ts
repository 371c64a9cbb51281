import { createHash } from 'node:crypto'
import type { Logger } from '@kinora/common/service'

/** Resolves with whether a password is in a list of stolen ones; false when the service does not answer. */
export type IsBreached = (password: string) => Promise<boolean>

const TIMEOUT_MS = 1000

/**
 * Asks a range service (https://haveibeenpwned.com/API/v3#PwnedPasswords) with the first 5 of the 40 characters of the
 * SHA-1 and looks for the rest in its answer, so that the service does not learn the password. Every password passes when it
 * does not answer within a second, or without a `url`.
 */
export function breachCheck(url: string | undefined, logger: Logger): IsBreached {
  if (url === undefined) return async () => false
  return async (password) => {
    const digest = createHash('sha1').update(password).digest('hex').toUpperCase()
    try {
      const answer = await fetch(`${url.replace(/\/$/, '')}/${digest.slice(0, 5)}`, {
        // Makes answers the same size, so that the size does not reveal the range.
        headers: { 'Add-Padding': 'true' },
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      if (!answer.ok) throw new Error(`answered ${answer.status}`)
      return lists(await answer.text(), digest.slice(5))
    } catch (error) {
      logger.warn({ err: error }, 'breached passwords could not be looked up; the password was accepted')
      return false
    }
  }
}

/** Lines are `SUFFIX:COUNT`; padding lines have a count of 0. */
function lists(text: string, suffix: string): boolean {
  const line = text.split(/\r?\n/).find((it) => it.startsWith(`${suffix}:`))
  return line !== undefined && Number(line.slice(suffix.length + 1)) > 0
}
