import type { Lifecycle } from '@kinora/common/service'

/**
 * Ctrl-C, SIGTERM, a closed terminal and an uncaught error all close `life` and then end the process. npm passes signals
 * on that the terminal has sent already, so a second one changes nothing.
 */
export function closeOnSignal(life: Lifecycle, line: (text: string) => void): void {
  let stopping = false
  async function stop(exitCode: number): Promise<void> {
    if (stopping) return
    stopping = true
    line('Stopping …')
    try {
      await life.close()
      line('Stopped')
      process.exit(exitCode)
    } catch (error) {
      line(`Not everything could be stopped: ${(error as Error).message}`)
      process.exit(1)
    }
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop(0))
  process.on('uncaughtException', (error) => {
    line(String(error.stack))
    void stop(1)
  })
}
