import ffmpeg, { type FfmpegCommand } from 'fluent-ffmpeg'
import { allowedInput, SOURCE_URL } from './allowed-input.ts'
import { followFrames } from './progress.ts'
import { runTool, type ToolEnd, type Tools } from './run-tool.ts'

/** A command that reads the workspace's source under the input rules; `options` stand before `-i`. */
export function readSource(tools: Tools, ...options: string[]): FfmpegCommand {
  return ffmpeg()
    .input(SOURCE_URL)
    .inputOptions(
      ...['-hide_banner', '-nostdin', '-loglevel', 'error', '-nostats', '-progress', 'pipe:1'],
      ...['-filter_complex_threads', String(tools.threads), '-threads', String(tools.threads)],
      ...allowedInput(tools),
      ...options,
    )
}

/**
 * Runs what fluent-ffmpeg has put together. Only its command builder is used: its own runner starts no process group,
 * sets no limits, and first asks ffmpeg for its formats, codecs and filters in four more processes.
 */
export async function runFfmpeg(
  tools: Tools,
  command: FfmpegCommand,
  run: { cwd: string; signal: AbortSignal; onFrame?: (frame: number) => void },
): Promise<ToolEnd> {
  const onLine = followFrames(run.onFrame ?? (() => {}))
  return await runTool(tools, {
    command: tools.ffmpeg,
    args: argumentsOf(command),
    cwd: run.cwd,
    signal: run.signal,
    onLine,
  })
}

/** fluent-ffmpeg's argument list, which its types leave out. */
function argumentsOf(command: FfmpegCommand): string[] {
  return (command as unknown as { _getArguments(): string[] })._getArguments()
}
