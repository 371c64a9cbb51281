import type { InputLimits } from '../config.ts'
import { inputFault } from '../task-failure.ts'
import { parseRate, perSecond } from './frame-rate.ts'
import type { ProbedStream, ProbeReport } from './probe-source.ts'

/** Throws `SOURCE_OVER_LIMIT` when a picture is too large, too fast or too long, or the file has too many streams. */
export function assertWithinLimits(
  report: ProbeReport,
  video: ProbedStream,
  limits: InputLimits,
  durationSeconds = report.format.duration ?? 0,
): void {
  const rate = parseRate(video.avg_frame_rate)
  if ((video.width ?? 0) * (video.height ?? 0) > limits.pixels) refuse('The picture is larger than is allowed.')
  if (rate && perSecond(rate) > limits.frameRate) refuse('The video has more frames a second than are allowed.')
  if (durationSeconds > limits.durationSeconds) refuse('The video is longer than is allowed.')
  if (report.streams.length > limits.streams) refuse('The file has more streams than are allowed.')
}

function refuse(detail: string): never {
  throw inputFault('SOURCE_OVER_LIMIT', detail)
}
