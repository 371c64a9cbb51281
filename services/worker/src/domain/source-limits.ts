import type { FrameRate, SourceFacts } from '@kinora/common/contracts'
import { perSecond } from './frame-rate.ts'
import type { ProbedStream, ProbeReport } from './probe-report.ts'
import { inputFault } from './task-failure.ts'

/** Upper limits for a source. */
export interface SourceLimits {
  durationSeconds: number
  pixels: number
  frameRate: number
  streams: number
}

/** Checks what costs before anything is decoded. Throws `SOURCE_OVER_LIMIT` for too many streams. */
export function assertWithinLimits({ streams }: ProbeReport, limits: SourceLimits): void {
  if (streams.length > limits.streams) refuse('The file has more streams than is allowed.')
}

/** Pixels, the limit of the H.264 encoder. */
const MAX_SIDE = 16_384

/**
 * Checks what was found in the file; what its header claims is often wrong, in honest files as well. Sizes have square pixels:
 * a few bytes in a header can stretch small frames to any width.
 */
export function assertFactsWithinLimits(
  { video, durationSeconds }: SourceFacts,
  coded: ProbedStream,
  rate: FrameRate | undefined,
  limits: SourceLimits,
): void {
  assertPixels((coded.width ?? 0) * (coded.height ?? 0), limits)
  assertPixels(video.width * video.height, limits)
  if (Math.max(video.width, video.height) > MAX_SIDE)
    refuse('The frames of the video are wider or higher than is allowed.')
  if (rate && perSecond(rate) > limits.frameRate) refuse('The video has more frames per second than is allowed.')
  assertLength(durationSeconds, limits)
}

function assertPixels(pixels: number, limits: SourceLimits): void {
  if (pixels > limits.pixels) refuse('The frames of the video have more pixels than is allowed.')
}

/** Throws `SOURCE_OVER_LIMIT`. */
export function assertLength(seconds: number, limits: SourceLimits): void {
  if (seconds > limits.durationSeconds) refuse('The video is longer than is allowed.')
}

function refuse(detail: string): never {
  throw inputFault('SOURCE_OVER_LIMIT', detail)
}
