import { Lifecycle } from '@kinora/common/service'
import { type Console, createConsole } from './console.ts'

/**
 * Runs a command that starts something and keeps it running until a signal. When `work` fails, prints its message, closes
 * everything and exits with 1.
 */
export async function runCommand(work: (life: Lifecycle, console: Console) => Promise<void>): Promise<void> {
  const life = new Lifecycle()
  const console = createConsole()
  closeOnSignal(life, console.line)
  try {
    await work(life, console)
  } catch (error) {
    console.line((error as Error).message)
    await life.close().catch((closing: Error) => console.line(closing.message))
    process.exit(1)
  }
}

/**
 * Ctrl-C, SIGTERM, a closed terminal and an uncaught error close `life` and then end the process. A second signal changes
 * nothing, because npm forwards signals that the terminal has already sent.
 */
function closeOnSignal(life: Lifecycle, line: (text: string) => void): void {
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
