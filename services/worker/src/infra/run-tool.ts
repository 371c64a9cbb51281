import { basename } from 'node:path'
import type { Readable } from 'node:stream'
import type { ToolRuns } from '@kinora/common/contracts'
import type { AttemptLog, ToolExit } from './attempt-log.ts'
import { Countdown } from './countdown.ts'
import type { PrioritySlot } from './priority-gate.ts'
import type { ResourceLimits, Sandbox } from './sandbox.ts'
import { watchFolder } from './watch-folder.ts'

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
  /** Bytes that it may write, in one file and in the whole workspace: more than any valid source needs. */
  outputBytes: number
  onLine?: (line: string) => void
  signal: AbortSignal
}

export interface ToolEnd extends ToolExit {
  /** It was killed because it wrote more than `outputBytes`. */
  overOutput: boolean
  /** The end of its standard error. */
  stderr: string
}

const STDERR_KEPT = 8 * 1024

/** A tool that has been paused for this long in total is not paused again. */
const MAX_PAUSE_MS = 60_000

/**
 * Runs a media tool in the sandbox and under the limits. At the time limit, when it has written too much, or when `signal`
 * aborts, it and its children are killed at once. The time in which it is paused does not count. Rejects only with the
 * abort reason, or when it cannot be started.
 */
export async function runTool(tools: Tools, run: ToolRun): Promise<ToolEnd> {
  const { cwd, outputBytes, signal, args } = run
  signal.throwIfAborted()
  tools.onRun?.([basename(run.command), ...args])
  tools.log?.begin(run.command, args)
  const tool = tools.sandbox.start({ program: run.command, args, cwd, limits: tools.limits, outputBytes })
  const kill = () => tool.signal('SIGKILL')
  let [timedOut, overOutput] = [false, false]
  const limit = new Countdown(tools.limits.wallSeconds * 1000, () => {
    timedOut = true
    kill()
  })
  limit.start()
  signal.addEventListener('abort', kill, { once: true })
  const killExcessive = () => {
    overOutput = true
    kill()
  }
  const watch = watchFolder(cwd, outputBytes, killExcessive)
  const pauseLimit = new Countdown(MAX_PAUSE_MS, () => {
    leave?.()
    resume()
  })
  const pause = () => {
    limit.pause()
    pauseLimit.start()
    tool.signal('SIGSTOP')
  }
  const resume = () => {
    pauseLimit.pause()
    limit.start()
    tool.signal('SIGCONT')
  }
  const leave = tools.slot?.add({ pause, resume })
  try {
    const stderr = keepTail(tool.stderr, tools.log)
    if (run.onLine) readLines(tool.stdout, run.onLine, killExcessive)
    else tool.stdout.resume()
    const { exitCode, killedBy } = await tool.ended
    signal.throwIfAborted()
    const end = { exitCode, killedBy, timedOut: timedOut || killedBy === 'SIGXCPU' }
    tools.log?.end(end)
    return { ...end, overOutput: overOutput || killedBy === 'SIGXFSZ', stderr: stderr() }
  } finally {
    leave?.()
    limit.pause()
    pauseLimit.pause()
    watch.stop()
    signal.removeEventListener('abort', kill)
  }
}

function keepTail(stderr: Readable, log: AttemptLog | undefined): () => string {
  let tail = ''
  stderr.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-STDERR_KEPT)
    log?.add(text)
  })
  return () => tail
}

/** Characters of one line; real output has a tenth of this. */
const MAX_LINE = 4 * 1024 * 1024

/** Calls `onLine` with each line of a tool's output, and `onExcess` once for a line that is too long to keep in memory. */
export function readLines(stream: Readable, onLine: (line: string) => void, onExcess: () => void): void {
  let rest = ''
  let excess = false
  stream.setEncoding('utf8')
  stream.on('data', (text: string) => {
    if (excess) return
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) onLine(line.endsWith('\r') ? line.slice(0, -1) : line)
    if (rest.length <= MAX_LINE) return
    excess = true
    rest = ''
    onExcess()
  })
  stream.on('end', () => {
    if (rest !== '') onLine(rest)
  })
}
