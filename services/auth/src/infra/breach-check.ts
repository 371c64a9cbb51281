import { createHash } from 'node:crypto'
import type { Logger } from '@kinora/common/service'

/** Is this password in a list of stolen ones? */
export type IsBreached = (password: string) => Promise<boolean>

const TIMEOUT_MS = 1000

/**
 * Asks a range service (https://haveibeenpwned.com/API/v3#PwnedPasswords) with the first 5 of the 40 characters of the
 * SHA-1 and looks for the others in its answer: the service does not learn which password it was about. Where it does not
 * answer, every password passes; without a `url` it is not asked.
 */
export function breachCheck(url: string | undefined, logger: Logger): IsBreached {
  if (url === undefined) return async () => false
  return async (password) => {
    const digest = createHash('sha1').update(password).digest('hex').toUpperCase()
    try {
      const answer = await fetch(`${url.replace(/\/$/, '')}/${digest.slice(0, 5)}`, {
        // Answers get the same size, so that it does not tell on the wire which range was asked for.
        headers: { 'Add-Padding': 'true' },
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      if (!answer.ok) throw new Error(`answered ${answer.status}`)
      return lists(await answer.text(), digest.slice(5))
    } catch (error) {
      logger.warn({ err: error }, 'breached passwords could not be looked up; the password was taken')
      return false
    }
  }
}

/** Lines are `SUFFIX:COUNT`; those that are padding have a count of 0. */
function lists(text: string, suffix: string): boolean {
  const line = text.split(/\r?\n/).find((it) => it.startsWith(`${suffix}:`))
  return line !== undefined && Number(line.slice(suffix.length + 1)) > 0
}
