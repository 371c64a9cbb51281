import type { Readable } from 'node:stream'
import type { CleanWorkspace } from './workspace.ts'

/**
 * How a media tool is isolated. `bubblewrap`: in namespaces on this machine. `container`: in another container, without network
 * and secrets. `limits`: not isolated; it runs as the worker's user, with resource limits only.
 */
export type SandboxKind = 'bubblewrap' | 'container' | 'limits'

export interface ResourceLimits {
  memoryBytes: number
  cpuSeconds: number
  wallSeconds: number
}

export interface ToolCommand {
  /** Name or path of ffmpeg or ffprobe. */
  program: string
  args: readonly string[]
  /** Folder of the tool's inputs and outputs: the only data of Kinora that it sees. */
  cwd: string
  limits: ResourceLimits
  /** Size of the largest file that the tool may write. */
  outputBytes: number
}

export interface ProcessEnd {
  exitCode: number | null
  killedBy: NodeJS.Signals | null
}

export interface ToolProcess {
  stdout: Readable
  stderr: Readable
  /** Rejects when the tool could not be started. */
  ended: Promise<ProcessEnd>
  /** Sends it to the tool and all processes that the tool started. */
  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void
}

export interface Sandbox {
  kind: SandboxKind
  /** One sentence for the log and `/readyz`. */
  description: string
  /** Limits that this machine does not offer. */
  missing: string[]
  start(command: ToolCommand): ToolProcess
  /** Whether tools can be started now. */
  check(): Promise<boolean>
  /** Removes files that only the tool's own user may remove. */
  clean: CleanWorkspace
}

/** Threads and processes of one tool: an encode of six renditions on sixty cores has some six hundred threads. */
const MAX_THREADS = 1024
/** Open files of one tool: an encode of six renditions has some thirty. */
const MAX_OPEN_FILES = 128
/** Of all tools, so that services that answer requests run first. */
export const NICENESS = 10

/**
 * Words before a command that limit it. The memory limit is RLIMIT_DATA: heap, thread stacks and every other private
 * writable mapping, so it follows the memory that is really used; RLIMIT_AS would also count the 300 MB of shared libraries.
 *
 * @param isAlone the tool has a user id of its own, so that the kernel's count of the user's threads is the tool's
 */
export function limitWords(
  { limits, outputBytes }: Pick<ToolCommand, 'limits' | 'outputBytes'>,
  { isAlone = false } = {},
): string[] {
  return [
    'prlimit',
    `--data=${limits.memoryBytes}`,
    `--cpu=${limits.cpuSeconds}`,
    `--fsize=${outputBytes}`,
    `--nofile=${MAX_OPEN_FILES}`,
    '--core=0',
    ...(isAlone ? [`--nproc=${MAX_THREADS}`] : []),
    '--',
  ]
}

export const NICE_WORDS = ['nice', '-n', String(NICENESS)]
