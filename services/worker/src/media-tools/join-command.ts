import ffmpeg, { type FfmpegCommand } from 'fluent-ffmpeg'
import { allowedInput } from './allowed-input.ts'
import type { Tools } from './run-tool.ts'

/**
 * Copies the first track of each file, without encoding, into one MP4 whose index stands first, so that it plays while it
 * is loaded. Names are ours, inside the workspace.
 */
export function joinCommand(tools: Tools, inputs: readonly string[], output: string): FfmpegCommand {
  const command = ffmpeg()
  for (const [index, name] of inputs.entries()) {
    const first =
      index === 0 ? ['-hide_banner', '-nostdin', '-loglevel', 'error', '-nostats', '-progress', 'pipe:1'] : []
    command.input(`file:${name}`).inputOptions(...first, ...allowedInput(tools))
  }
  return command
    .output(output)
    .outputOptions(...inputs.flatMap((_, index) => ['-map', `${index}:0`]))
    .outputOptions('-c', 'copy', '-map_metadata', '-1', '-fflags', '+bitexact')
    .outputOptions('-movflags', '+faststart', '-f', 'mp4')
}
