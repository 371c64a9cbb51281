import { createHash } from 'node:crypto'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ToolRuns } from '@kinora/common/contracts'
import ffmpeg, { type FfmpegCommand } from 'fluent-ffmpeg'
import { allowedInput, SOURCE_URL, withoutComplaints } from './allowed-input.ts'
import { runTool, type ToolEnd, type Tools } from './run-tool.ts'
import type { ResourceLimits, Sandbox } from './sandbox.ts'

/** Options before the first input: errors only, and progress on standard output. */
export const REPORTING = ['-hide_banner', '-nostdin', '-loglevel', 'error', '-nostats', '-progress', 'pipe:1']

/**
 * A command that reads the workspace's source under the input rules; `options` come before `-i`. Streams with other codecs
 * than `codecs` are not opened.
 */
export function readSource(tools: Tools, codecs: readonly string[], ...options: string[]): FfmpegCommand {
  return ffmpeg()
    .input(SOURCE_URL)
    .inputOptions(
      ...REPORTING,
      ...['-filter_complex_threads', String(tools.threads), '-threads', String(tools.threads)],
      ...allowedInput(tools, { codecs }),
      ...options,
    )
}

/** Containers without an index: a seek may end anywhere, so it must end early enough to find a key frame. */
const UNINDEXED = /^(mpegts|mpeg)$/
const UNINDEXED_PREROLL_SECONDS = 12

/**
 * Options before `-i` that start reading at the key frame before `seconds` on the source's clock. Time stamps are kept, and
 * the filters remove the frames before `seconds`.
 */
export function seekTo(container: string, seconds: number): string[] {
  const preroll = UNINDEXED.test(container) ? UNINDEXED_PREROLL_SECONDS : 0
  const from = seconds - preroll
  // A negative `-ss` would count from somewhere else.
  return from > 0 ? ['-copyts', '-noaccurate_seek', '-seek_timestamp', '1', '-ss', from.toFixed(6)] : ['-copyts']
}

export interface FfmpegRun {
  /** The workspace. */
  cwd: string
  /** Bytes that it may write; see `ToolRun`. */
  outputBytes: number
  signal: AbortSignal
  /** Called with the number of frames of the first output so far. */
  onFrame?: (frame: number) => void
}

/**
 * Runs a command of fluent-ffmpeg. Only its command builder is used: its own runner starts no process group, sets no limits,
 * and first queries ffmpeg's formats, codecs and filters in four more processes.
 */
export async function runFfmpeg(tools: Tools, command: FfmpegCommand, run: FfmpegRun): Promise<ToolEnd> {
  const { cwd, outputBytes, signal, onFrame = () => {} } = run
  const args = argumentsOf(command)
  const onLine = frameReader(onFrame)
  const end = await runTool(tools, { command: tools.ffmpeg, args, cwd, outputBytes, signal, onLine })
  return { ...end, stderr: withoutComplaints(end.stderr) }
}

/** A small part of the time that the first segment takes. */
const POLL_MS = 50

/** Runs ffmpeg and calls `poll` repeatedly while it runs. When `poll` throws, ffmpeg is killed and the error is thrown. */
export async function runFfmpegPolled(
  tools: Tools,
  command: FfmpegCommand,
  run: FfmpegRun & { poll: () => Promise<void> },
): Promise<ToolEnd> {
  const broken = new AbortController()
  const signal = AbortSignal.any([run.signal, broken.signal])
  let running = true
  const end = runFfmpeg(tools, command, { ...run, signal }).finally(() => {
    running = false
  })
  // `end` is awaited below; until then this prevents an unhandled rejection.
  const ended = end.catch(() => {})
  try {
    while (running) {
      await run.poll()
      await Promise.race([ended, sleep(POLL_MS)])
    }
  } catch (error) {
    broken.abort(error)
    await ended
    throw error
  }
  return await end
}

/** Version and configuration of ffmpeg, which runs in the sandbox here as well. Rejects when it is missing. */
export async function readFfmpegBuild(
  sandbox: Sandbox,
  program: string,
  limits: ResourceLimits,
): Promise<ToolRuns['ffmpeg']> {
  const tool = sandbox.start({ program, args: ['-version'], cwd: '', limits, outputBytes: 0 })
  const [printed, complaint, { exitCode }] = await Promise.all([text(tool.stdout), text(tool.stderr), tool.ended])
  if (exitCode !== 0) throw new Error(`${program} -version failed (${exitCode}): ${complaint.slice(0, 500)}`)
  const lines = printed.split('\n')
  const configuration = lines.find((line) => line.startsWith('configuration:')) ?? ''
  return { version: lines[0] ?? '', configurationSha256: createHash('sha256').update(configuration).digest('hex') }
}

/** Reads the output of `-progress`, lines of `key=value`. */
function frameReader(onFrame: (frame: number) => void): (line: string) => void {
  return (line) => {
    const [key, value] = line.split('=', 2)
    if (key === 'frame' && Number.isInteger(Number(value))) onFrame(Number(value))
  }
}

/** The argument list of fluent-ffmpeg, which its types omit. */
function argumentsOf(command: FfmpegCommand): string[] {
  return (command as unknown as { _getArguments(): string[] })._getArguments()
}
