import { type ChildProcess, spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { createInterface } from 'node:readline'
import type { ToolRuns } from '@kinora/common/contracts'
import type { AttemptLog, ToolExit } from './attempt-log.ts'
import { Countdown } from './countdown.ts'
import type { PrioritySlot } from './priority-gate.ts'
import { NICENESS, type ResourceLimits, type Sandbox, sandboxed } from './sandbox.ts'

/** ffmpeg and ffprobe, with the settings of all their runs. */
export interface Tools {
  ffmpeg: string
  ffprobe: string
  threads: number
  preset: string
  limits: ResourceLimits
  /** Larger input is refused before memory is allocated for it. */
  maxPixels: number
  maxStreams: number
  sandbox: Sandbox
  build: ToolRuns['ffmpeg']
  /** Called with the program and arguments of every run. */
  onRun?: (command: string[]) => void
  /** Slot of the task: decides whether its tools are paused for others, or others for them. */
  slot?: PrioritySlot
  /** Receives all command lines and standard error. */
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

export interface ToolEnd extends ToolExit {
  /** The end of its standard error. */
  stderr: string
}

const STDERR_KEPT = 8 * 1024

/** A tool that has been paused for this long in total is not paused again. */
const MAX_PAUSE_MS = 60_000

/**
 * The environment of ffmpeg. One allocator arena: glibc otherwise reserves an arena for each thread, and the memory limit
 * would be reached long before the memory is used.
 */
const ENVIRONMENT = { PATH: process.env.PATH ?? '/usr/bin:/bin', MALLOC_ARENA_MAX: '2' }

/**
 * Runs a media tool under the limits, as the leader of its own process group, so that at the time limit, or when `signal`
 * aborts, it and its children are killed at once. The time in which it is paused does not count. Rejects only with the
 * abort reason, or when it cannot be started.
 */
export async function runTool(tools: Tools, run: ToolRun): Promise<ToolEnd> {
  run.signal.throwIfAborted()
  tools.onRun?.([basename(run.command), ...run.args])
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
  limit.start()
  run.signal.addEventListener('abort', killGroup, { once: true })
  const pauseLimit = new Countdown(MAX_PAUSE_MS, () => {
    leave?.()
    resume()
  })
  const pause = () => {
    limit.pause()
    pauseLimit.start()
    signalGroup(child, 'SIGSTOP')
  }
  const resume = () => {
    pauseLimit.pause()
    limit.start()
    signalGroup(child, 'SIGCONT')
  }
  const leave = tools.slot?.add({ pause, resume })
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
    limit.pause()
    pauseLimit.pause()
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
 * Each tool leads a session, and Linux shares processors between sessions first: with `nice` alone, our services would get
 * no larger share than each ffmpeg. Kernels without this file do not distinguish sessions (sched(7), autogroup).
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
