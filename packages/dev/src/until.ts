import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'

export type UntilOptions = { timeoutMs?: number; every?: number }

/**
 * Repeats `look` until it returns a truthy value, and returns that value. An exception of `look` counts as "not yet".
 * Throws after `timeoutMs` (default 30 s) with the last value or error.
 */
export async function until<T>(
  look: () => T | Promise<T>,
  { timeoutMs = 30_000, every = 50 }: UntilOptions = {},
): Promise<NonNullable<Exclude<T, false>>> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    let last: string
    let cause: unknown
    try {
      const value = await look()
      if (value) return value as NonNullable<Exclude<T, false>>
      last = `the last value was ${inspect(value)}`
    } catch (error) {
      cause = error
      last = `the last error was: ${error instanceof Error ? error.message : inspect(error)}`
    }
    if (performance.now() > deadline) throw new Error(`Condition not met within ${timeoutMs} ms; ${last}`, { cause })
    await sleep(every)
  }
}

/**
 * Repeats `probe` until it does not throw. Throws after `timeoutMs` with the last failure, and at once when `ended` returns
 * a reason why waiting is pointless (the process has exited).
 */
export async function waitUntilReady(
  probe: () => Promise<unknown>,
  { timeoutMs, ended }: { timeoutMs: number; ended?: () => string | undefined },
): Promise<void> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    try {
      await probe()
      return
    } catch (error) {
      const end = ended?.()
      if (end) throw new Error(end)
      if (performance.now() > deadline) throw new Error(`no answer within ${timeoutMs / 1000} s`, { cause: error })
    }
    await sleep(50)
  }
}
