import { startProcess, succeeds } from './local-process.ts'
import { limitWords, NICE_WORDS, type Wall } from './wall.ts'

/** What this machine offers beside bubblewrap. Detected once at start. */
interface Sandbox {
  /** util-linux prlimit is available: the kernel limits memory, processor time and file size. */
  prlimit: boolean
  /** Words before a command that run it in a network namespace without interfaces; empty where the host forbids it. */
  withoutNetwork: string[]
  /** util-linux setpriv is available: tools die with the worker that started them, even while paused. */
  deathSignal: boolean
}

const WITH_DEATH_SIGNAL = ['setpriv', '--pdeathsig', 'KILL', '--']

/** Tools as the worker's own user, with what limits there are: code that runs in them reaches what the worker reaches. */
export async function openLimits(): Promise<Wall> {
  const sandbox = await detectSandbox()
  const missing = [
    ...(sandbox.prlimit ? [] : ['limits of memory and processor time (prlimit)']),
    ...(sandbox.withoutNetwork.length > 0 ? [] : ['a network namespace (unshare)']),
  ]
  return {
    kind: 'limits',
    description: 'ffmpeg runs as the worker itself, with limits alone: code that a file smuggles in reaches everything',
    missing,
    start: (command) => {
      // A change of user clears the death signal, so it comes after the namespace.
      const mortal = sandbox.deathSignal ? WITH_DEATH_SIGNAL : []
      const limited = sandbox.prlimit ? limitWords(command) : []
      const words = [...sandbox.withoutNetwork, ...mortal, ...limited, ...NICE_WORDS, command.program, ...command.args]
      return startProcess(words, command.cwd === '' ? '/' : command.cwd)
    },
    check: async () => true,
    clean: async () => {},
  }
}

async function detectSandbox(): Promise<Sandbox> {
  const [prlimit, deathSignal, asRoot, asUser] = await Promise.all([
    succeeds(['prlimit', '--core=0', '--', 'true']),
    succeeds([...WITH_DEATH_SIGNAL, 'true']),
    succeeds(['unshare', '--net', '--', 'true']),
    succeeds(['unshare', '--map-current-user', '--net', '--', 'true']),
  ])
  const asUserWords = asUser ? ['unshare', '--map-current-user', '--net', '--'] : []
  return { prlimit, deathSignal, withoutNetwork: asRoot ? ['unshare', '--net', '--'] : asUserWords }
}
