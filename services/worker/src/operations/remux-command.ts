import type { FfmpegCommand } from 'fluent-ffmpeg'
import { renditionColour } from './colour.ts'
import { readSource } from './ffmpeg-command.ts'
import type { Tools } from './run-tool.ts'
import { segmenter } from './segmenter.ts'
import type { VideoWork } from './video-work.ts'

/** Cuts the pictures of a source into segments as they are: `<rung>/init.mp4` and `<rung>/<number>.m4s`. Nothing is decoded. */
export function copyCommand(tools: Tools, work: VideoWork): FfmpegCommand {
  const { video } = work.facts
  const command = readSource(tools, '-copyts')
  for (const rung of work.rungs) {
    command
      .output(`${rung.name}/list.m3u8`)
      .outputOptions('-map', `0:${video.streamIndex}`, '-an', '-c:v', 'copy')
      .outputOptions('-bsf:v', [FROM_ZERO, ...labels(work)].join(','), ...segmenter(work, rung))
  }
  return command
}

/** On the clock of the video its first picture, which is the first that is decoded, stands at 0; exact in ticks of the source. */
const FROM_ZERO = 'setts=pts=PTS-STARTPTS:dts=DTS-STARTPTS'

/** H.264 codes of what `renditionColour` says (ITU-T H.264 tables E-3 to E-5). */
const COLOUR_CODES: Record<string, number> = { bt709: 1, bt470bg: 5, smpte170m: 6 }

/** Pictures that do not name their colour get the label of the other renditions; it is written beside them, not into them. */
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
