import { Lifecycle } from '@kinora/common/service'
import { closeOnSignal } from './close-on-signal.ts'
import { type Console, createConsole } from './console.ts'

/**
 * A command that starts things and keeps them until it is told to stop. When `work` fails, its message is printed,
 * everything is closed, and the exit code is 1.
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
