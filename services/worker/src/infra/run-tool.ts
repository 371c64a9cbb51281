import { type ChildProcess, spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { createInterface } from 'node:readline'
import type { AttemptLog } from './attempt-log.ts'
import { Countdown } from './countdown.ts'
import type { FfmpegBuild } from './ffmpeg-build.ts'
import type { Turn } from './precedence.ts'
import { NICENESS, type ResourceLimits, type Sandbox, sandboxed } from './sandbox.ts'

/** ffmpeg and ffprobe with everything that is the same for each of their runs. */
export interface Tools {
  ffmpeg: string
  ffprobe: string
  threads: number
  preset: string
  limits: ResourceLimits
  /** Refused in input, before anything of that size is allocated. */
  maxPixels: number
  maxStreams: number
  sandbox: Sandbox
  build: FfmpegBuild
  /** Told of every run: program and arguments. */
  ran?: (command: string[]) => void
  /** Of the task that they run for: whether they stand still for others, or others for them. */
  turn?: Turn
  /** Gets all command lines and complaints. */
  log?: AttemptLog
}

export interface ToolRun {
  command: string
  args: string[]
  /** The workspace; all file names in `args` are relative to it. */
  cwd: string
  onLine?: (line: string) => void
  signal: AbortSignal
}

export interface ToolEnd {
  exitCode: number | null
  killedBy: NodeJS.Signals | null
  timedOut: boolean
  /** The last of what it complained about. */
  stderr: string
}

const STDERR_KEPT = 8 * 1024

/** A tool that has stood still for so long in all yields to nobody any more. */
const MAX_PAUSE_MS = 60_000

/**
 * The two variables ffmpeg gets. One allocator arena: glibc otherwise reserves one for each thread, and the memory
 * limit would be reached long before the memory is used.
 */
const ENVIRONMENT = { PATH: process.env.PATH ?? '/usr/bin:/bin', MALLOC_ARENA_MAX: '2' }

/**
 * Runs a media tool under the limits, as the leader of its own process group, so that at the time limit, or when
 * `signal` aborts, everything it started dies at once. The time in which it stands still does not count.
 * Rejects only with the abort reason or when it cannot be started.
 */
export async function runTool(tools: Tools, run: ToolRun): Promise<ToolEnd> {
  run.signal.throwIfAborted()
  tools.ran?.([basename(run.command), ...run.args])
  tools.log?.begin(run.command, run.args)
  const [command, ...words] = [...sandboxed(tools.sandbox, tools.limits), run.command, ...run.args]
  const child = spawn(command ?? run.command, words, {
    cwd: run.cwd,
    env: ENVIRONMENT,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  void lowerSession(child)
  const killGroup = () => signalGroup(child, 'SIGKILL')
  let timedOut = false
  const limit = new Countdown(tools.limits.wallSeconds * 1000, () => {
    timedOut = true
    killGroup()
  })
  limit.run()
  run.signal.addEventListener('abort', killGroup, { once: true })
  const patience = new Countdown(MAX_PAUSE_MS, () => {
    leave?.()
    resume()
  })
  const pause = () => {
    limit.hold()
    patience.run()
    signalGroup(child, 'SIGSTOP')
  }
  const resume = () => {
    patience.hold()
    limit.run()
    signalGroup(child, 'SIGCONT')
  }
  const leave = tools.turn?.runs({ pause, resume })
  try {
    const stderr = keepTail(child, tools.log)
    if (run.onLine) createInterface({ input: child.stdout }).on('line', run.onLine)
    else child.stdout.resume()
    const { exitCode, killedBy } = await closed(child)
    run.signal.throwIfAborted()
    const end = { exitCode, killedBy, timedOut: timedOut || killedBy === 'SIGXCPU' }
    tools.log?.end(end)
    return { ...end, stderr: stderr() }
  } finally {
    leave?.()
    limit.hold()
    patience.hold()
    run.signal.removeEventListener('abort', killGroup)
  }
}

function closed(child: ChildProcess): Promise<{ exitCode: number | null; killedBy: NodeJS.Signals | null }> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (exitCode, killedBy) => resolve({ exitCode, killedBy }))
  })
}

/**
 * Each tool leads a session, and Linux shares processors between sessions first: `nice` alone would leave our services no
 * more of the machine than each ffmpeg has. Where there is no such file, sessions are not told apart (sched(7), autogroup).
 */
async function lowerSession({ pid }: ChildProcess): Promise<void> {
  if (pid !== undefined) await writeFile(`/proc/${pid}/autogroup`, String(NICENESS)).catch(() => {})
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null) return
  try {
    process.kill(-child.pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function keepTail(child: ChildProcess, log: AttemptLog | undefined): () => string {
  let tail = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-STDERR_KEPT)
    log?.add(text)
  })
  return () => tail
}
