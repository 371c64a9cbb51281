import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Repeats `probe` until it does not throw. `ended` says why waiting is pointless (the process has exited).
 * Throws with the last failure after `timeoutMs`.
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
