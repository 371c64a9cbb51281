import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import type { ToolRuns } from '@kinora/common/contracts'

export type FfmpegBuild = ToolRuns['ffmpeg']

/** Asks ffmpeg what it is. Rejects when there is none: nothing could be done without it. */
export async function readFfmpegBuild(ffmpeg: string): Promise<FfmpegBuild> {
  const { stdout } = await promisify(execFile)(ffmpeg, ['-version'])
  const lines = stdout.split('\n')
  const configuration = lines.find((line) => line.startsWith('configuration:')) ?? ''
  return { version: lines[0] ?? '', configurationSha256: createHash('sha256').update(configuration).digest('hex') }
}
