import type { FfmpegCommand } from 'fluent-ffmpeg'
import { renditionColour } from '../domain/colour.ts'
import { codecsOf } from '../domain/source-facts.ts'
import type { VideoWork } from '../domain/task-work.ts'
import { readSource } from '../infra/ffmpeg.ts'
import type { Tools } from '../infra/run-tool.ts'
import { videoSegments } from './hls-output.ts'

/** Cuts the video track of a source into segments without decoding it. */
export function remuxCommand(tools: Tools, work: VideoWork): FfmpegCommand {
  const { video } = work.facts
  const command = readSource(tools, codecsOf(work.facts), '-copyts')
  for (const rung of work.rungs) {
    command
      .output(`${rung.name}/list.m3u8`)
      .outputOptions('-map', `0:${video.streamIndex}`, '-an', '-c:v', 'copy')
      .outputOptions('-bsf:v', [FROM_ZERO, ...labels(work)].join(','), ...videoSegments(work, rung))
  }
  return command
}

/** Moves the first frame, which is the first that is decoded, to time 0; exact in ticks of the source. */
const FROM_ZERO = 'setts=pts=PTS-STARTPTS:dts=DTS-STARTPTS'

/** H.264 codes for the names in `renditionColour` (ITU-T H.264 tables E-3 to E-5). */
const COLOUR_CODES: Record<string, number> = { bt709: 1, bt470m: 4, bt470bg: 5, smpte170m: 6, 'iec61966-2-1': 13 }

/** Video without a declared colour gets the label of the other renditions, in its headers; its frames stay unchanged. */
function labels({ facts: { video } }: VideoWork): string[] {
  if (video.colorMatrix !== undefined) return []
  const { primaries, transfer, matrix } = renditionColour(video)
  const codes = [
    `colour_primaries=${COLOUR_CODES[primaries]}`,
    `transfer_characteristics=${COLOUR_CODES[transfer]}`,
    `matrix_coefficients=${COLOUR_CODES[matrix]}`,
  ]
  return [`h264_metadata=${codes.join(':')}`]
}
