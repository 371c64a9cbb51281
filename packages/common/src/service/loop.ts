import type { Logger } from './telemetry.ts'

export interface Loop {
  /** Runs again at once instead of at the next tick. */
  poke(): void
  /** Stops the loop and waits for a running `work`. */
  stop(): Promise<void>
}

/**
 * Runs `work` now and `everyMs` milliseconds after the end of each run, never twice at the same time; a failure is logged and
 * the loop continues. If `everyMs` is a function, it is called after each run. The signal aborts when the loop is stopped, for
 * long runs.
 */
export function startLoop(
  name: string,
  everyMs: number | (() => number),
  work: (stopping: AbortSignal) => Promise<unknown>,
  logger: Logger,
): Loop {
  const stopping = new AbortController()
  let poked = false
  let wake: (() => void) | undefined

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      poked = false
      await work(stopping.signal).catch((error: unknown) =>
        logger.warn({ err: error, job: name }, 'a background job failed and will run again'),
      )
      if (!poked && !stopping.signal.aborted) await pause()
    }
  }

  function pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, typeof everyMs === 'function' ? everyMs() : everyMs)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  function poke(): void {
    poked = true
    wake?.()
  }

  const running = run()
  return {
    poke,
    async stop() {
      stopping.abort()
      poke()
      await running
    },
  }
}
