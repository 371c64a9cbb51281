import type { SourceFacts } from '@kinora/common/contracts'
import type { InputLimits } from '../config.ts'
import { inputFault } from '../task-failure.ts'
import { parseRate, perSecond } from './frame-rate.ts'
import type { ProbedStream, ProbeReport } from './probe-source.ts'

/** By what the file says of itself. Throws `SOURCE_OVER_LIMIT` for a picture too large, too fast or too long, or too many streams. */
export function assertWithinLimits({ format, streams }: ProbeReport, video: ProbedStream, limits: InputLimits): void {
  const rate = parseRate(video.avg_frame_rate)
  assertPixels((video.width ?? 0) * (video.height ?? 0), limits)
  if (rate && perSecond(rate) > limits.frameRate) refuse('The video has more frames a second than are allowed.')
  assertLength(format.duration ?? 0, limits)
  if (streams.length > limits.streams) refuse('The file has more streams than are allowed.')
}

/** What the H.264 encoder takes. */
const MAX_SIDE = 16_384

/** By what was found in it, and with pixels made square: a few bytes can stretch a small picture to any width. */
export function assertFactsWithinLimits({ video, durationSeconds }: SourceFacts, limits: InputLimits): void {
  assertPixels(video.width * video.height, limits)
  if (Math.max(video.width, video.height) > MAX_SIDE) refuse('The picture is wider or higher than is allowed.')
  assertLength(durationSeconds, limits)
}

function assertPixels(pixels: number, limits: InputLimits): void {
  if (pixels > limits.pixels) refuse('The picture is larger than is allowed.')
}

function assertLength(seconds: number, limits: InputLimits): void {
  if (seconds > limits.durationSeconds) refuse('The video is longer than is allowed.')
}

function refuse(detail: string): never {
  throw inputFault('SOURCE_OVER_LIMIT', detail)
}
