import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'

export type UntilOptions = { timeoutMs?: number; every?: number }

/**
 * Repeats `look` until it returns something truthy, and returns that. What it throws counts as "not yet".
 * Throws after `timeoutMs` with the last value or error.
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
    if (performance.now() > deadline) throw new Error(`Not so within ${timeoutMs} ms; ${last}`, { cause })
    await sleep(every)
  }
}
