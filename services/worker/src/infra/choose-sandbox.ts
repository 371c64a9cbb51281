import { openBubblewrap } from './bubblewrap.ts'
import { openDecoderSandbox } from './decoder-sandbox.ts'
import { startProcess, succeeds } from './local-process.ts'
import { limitWords, NICE_WORDS, type Sandbox } from './sandbox.ts'

export type { Sandbox } from './sandbox.ts'

export interface SandboxSettings {
  /** `auto` takes the strictest that is available; any other value requires that sandbox. */
  wanted: 'auto' | 'bubblewrap' | 'container' | 'none'
  /** Socket of the decoder in the other container; empty when there is no decoder. */
  decoderSocket: string
}

/** Every sandbox that this machine offers without another container; the strictest is last. */
export async function openSandboxes(): Promise<Sandbox[]> {
  const bubblewrap = await openBubblewrap()
  return [await openLimits(), ...(bubblewrap ? [bubblewrap] : [])]
}

/** Rejects when the sandbox that is wanted is not available. */
export async function chooseSandbox({ wanted, decoderSocket }: SandboxSettings): Promise<Sandbox> {
  if (wanted === 'none') return await openLimits()
  const hasDecoder = decoderSocket !== ''
  if (wanted === 'container' || (wanted === 'auto' && hasDecoder)) {
    const sandbox = hasDecoder ? await openDecoderSandbox(decoderSocket) : undefined
    if (sandbox) return sandbox
    if (wanted === 'container')
      throw new Error(`TOOL_SANDBOX=container: no decoder answers at DECODER_SOCKET=${decoderSocket}`)
  }
  const sandbox = await openBubblewrap()
  if (sandbox) return sandbox
  if (wanted === 'bubblewrap') {
    throw new Error(
      'TOOL_SANDBOX=bubblewrap: bwrap is not installed, or this machine does not allow it to create namespaces',
    )
  }
  return await openLimits()
}

/**
 * The sandbox of a program that the operator has chosen and that reads only what we made: without the filter of system calls,
 * so that it may start processes of its own. Rejects when the one that is wanted is not available.
 * @param folders that it may read
 */
export async function openEngineSandbox(
  wanted: 'auto' | 'bubblewrap' | 'none',
  folders: readonly string[],
): Promise<Sandbox> {
  const sandbox = wanted === 'none' ? undefined : await openBubblewrap({ filtered: false, folders })
  if (!sandbox && wanted === 'bubblewrap') throw new Error('TRANSCRIBE_SANDBOX=bubblewrap: it is not available here')
  return sandbox ?? (await openLimits())
}

/** Tools of this machine that limit a process without bubblewrap. Detected once at start. */
interface HostTools {
  /** util-linux prlimit is available: the kernel limits memory, processor time and file size. */
  prlimit: boolean
  /** Words before a command that run it in a network namespace without interfaces; empty when the host forbids that. */
  withoutNetwork: string[]
  /** util-linux setpriv is available: tools are killed with the worker that started them, even while they are paused. */
  deathSignal: boolean
}

const WITH_DEATH_SIGNAL = ['setpriv', '--pdeathsig', 'KILL', '--']

/** Tools run as the worker's own user, with the limits that the machine offers: their code reaches all that the worker reaches. */
export async function openLimits(): Promise<Sandbox> {
  const host = await detectHostTools()
  const missing = [
    ...(host.prlimit ? [] : ['limits of memory and processor time (prlimit)']),
    ...(host.withoutNetwork.length > 0 ? [] : ['a network namespace (unshare)']),
  ]
  return {
    kind: 'limits',
    description:
      'ffmpeg runs as the worker itself, with resource limits only: code that a file smuggles in reaches everything that the worker reaches',
    missing,
    start: (command) => {
      // A change of user clears the death signal, so it comes after the namespace.
      const mortal = host.deathSignal ? WITH_DEATH_SIGNAL : []
      const limited = host.prlimit ? limitWords(command) : []
      const words = [...host.withoutNetwork, ...mortal, ...limited, ...NICE_WORDS, command.program, ...command.args]
      return startProcess(words, command.cwd === '' ? '/' : command.cwd)
    },
    check: async () => true,
    clean: async () => {},
  }
}

async function detectHostTools(): Promise<HostTools> {
  const [prlimit, deathSignal, asRoot, asUser] = await Promise.all([
    succeeds(['prlimit', '--core=0', '--', 'true']),
    succeeds([...WITH_DEATH_SIGNAL, 'true']),
    succeeds(['unshare', '--net', '--', 'true']),
    succeeds(['unshare', '--map-current-user', '--net', '--', 'true']),
  ])
  const asUserWords = asUser ? ['unshare', '--map-current-user', '--net', '--'] : []
  return { prlimit, deathSignal, withoutNetwork: asRoot ? ['unshare', '--net', '--'] : asUserWords }
}
