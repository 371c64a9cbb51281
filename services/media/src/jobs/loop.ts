import type { Logger } from '@kinora/common/service'

export interface Loop {
  /** Runs again at once instead of at the next tick. */
  poke(): void
  /** Waits for the run under way. */
  stop(): Promise<void>
}

/** Runs `work` again and again, never twice at once; a failure is logged and the next run is as usual. */
export function startLoop(name: string, everyMs: number, work: () => Promise<unknown>, logger: Logger): Loop {
  let stopped = false
  let poked = false
  let wake: (() => void) | undefined

  async function run(): Promise<void> {
    while (!stopped) {
      poked = false
      await work().catch((error: unknown) => logger.warn({ err: error, job: name }, 'a job failed; it is run again'))
      if (!poked && !stopped) await pause()
    }
  }

  function pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, everyMs)
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
      stopped = true
      poke()
      await running
    },
  }
}
