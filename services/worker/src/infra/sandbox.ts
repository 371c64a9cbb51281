import { spawn } from 'node:child_process'

/** The limits between ffmpeg and the machine. Detected once at start, because not every host permits all of them. */
export interface Sandbox {
  /** util-linux prlimit is available: the kernel limits memory, processor time and file size. */
  prlimit: boolean
  /** Words before a command that run it in a network namespace without interfaces; empty where the host forbids it. */
  withoutNetwork: string[]
  /** util-linux setpriv is available: tools die with the worker that started them, even while paused. */
  deathSignal: boolean
}

export interface ResourceLimits {
  memoryBytes: number
  cpuSeconds: number
  wallSeconds: number
}

/** Larger than any segment that is written and any source that is read. */
const MAX_FILE_BYTES = 64 * 1024 ** 3

/** The niceness of all tools, so that services that answer requests run first. */
export const NICENESS = 10

const WITH_DEATH_SIGNAL = ['setpriv', '--pdeathsig', 'KILL', '--']

export async function detectSandbox(): Promise<Sandbox> {
  const [prlimit, deathSignal, asRoot, asUser] = await Promise.all([
    succeeds(['prlimit', '--core=0', '--', 'true']),
    succeeds([...WITH_DEATH_SIGNAL, 'true']),
    succeeds(['unshare', '--net', '--', 'true']),
    succeeds(['unshare', '--map-current-user', '--net', '--', 'true']),
  ])
  const asUserWords = asUser ? ['unshare', '--map-current-user', '--net', '--'] : []
  return { prlimit, deathSignal, withoutNetwork: asRoot ? ['unshare', '--net', '--'] : asUserWords }
}

/**
 * Words before a command that limit it. The memory limit is RLIMIT_DATA: heap, thread stacks and every other private
 * writable mapping, so it follows the memory that is really used; RLIMIT_AS would also count the 300 MB of shared libraries.
 */
export function sandboxed({ prlimit, withoutNetwork, deathSignal }: Sandbox, limits: ResourceLimits): string[] {
  const limited = [
    'prlimit',
    `--data=${limits.memoryBytes}`,
    `--cpu=${limits.cpuSeconds}`,
    `--fsize=${MAX_FILE_BYTES}`,
    '--nofile=256',
    '--core=0',
    '--',
  ]
  // A change of user clears the death signal, so it comes after the namespace.
  const mortal = deathSignal ? WITH_DEATH_SIGNAL : []
  return [...withoutNetwork, ...mortal, ...(prlimit ? limited : []), 'nice', '-n', String(NICENESS)]
}

function succeeds([command, ...args]: string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(command ?? '', args, { stdio: 'ignore', timeout: 5000 })
    child.once('error', () => resolve(false))
    child.once('exit', (code) => resolve(code === 0))
  })
}
