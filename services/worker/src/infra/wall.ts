import type { Readable } from 'node:stream'
import type { CleanWorkspace } from './workspace.ts'

/**
 * What stands between a media tool and everything else. `bubblewrap`: namespaces of its own on this machine. `container`:
 * it runs in another container, without network and secrets. `limits`: it runs as the worker's user, with limits alone.
 */
export type WallKind = 'bubblewrap' | 'container' | 'limits'

export interface ResourceLimits {
  memoryBytes: number
  cpuSeconds: number
  wallSeconds: number
}

export interface ToolCommand {
  /** Name or path of ffmpeg or ffprobe. */
  program: string
  args: readonly string[]
  /** Folder in which the tool reads its inputs and writes its outputs: all it sees of what is ours. */
  cwd: string
  limits: ResourceLimits
  /** Size of the largest file that it may write. */
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
  /** Reaches the tool and all that it has started. */
  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void
}

export interface Wall {
  kind: WallKind
  /** One sentence for the log and `/readyz`. */
  description: string
  /** Limits that this machine does not offer. */
  missing: string[]
  start(command: ToolCommand): ToolProcess
  /** Whether tools can be started now. */
  check(): Promise<boolean>
  /** Removes what only the tool's own user may remove. */
  clean: CleanWorkspace
}

/** Threads and processes of one tool: an encode of six renditions on sixty cores has some six hundred threads. */
const MAX_THREADS = 1024
/** Open files of one tool: an encode of six renditions has some thirty. */
const MAX_OPEN_FILES = 128
/** Of all tools: services that answer requests go first. */
export const NICENESS = 10

/**
 * Words before a command that limit it. The memory limit is RLIMIT_DATA: heap, thread stacks and every other private
 * writable mapping, so it follows the memory that is really used; RLIMIT_AS would also count the 300 MB of shared libraries.
 *
 * @param isAlone the tool is the only one of its user, whose threads the kernel counts
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
