import type { SourceFacts } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { FrameRange } from '../db/stored.ts'

/**
 * The frames from `start` to `end`, in seconds of a video that may be a clip itself; counted in the source. Throws
 * `VALIDATION_FAILED` where the range has no frame or ends after the video.
 */
export function rangeOfClip(
  { facts, clip }: { facts: SourceFacts; clip: FrameRange | null },
  { start, end }: { start: number; end: number },
): FrameRange {
  const { frameRate, frameCount } = facts.video
  const frameAt = (seconds: number) => (seconds * frameRate.num) / frameRate.den
  assertWithin(facts.video, 'end', end)
  const [first, last] = [Math.round(frameAt(start)), Math.min(frameCount, Math.round(frameAt(end)))]
  if (last <= first) {
    const message = 'must be at least one frame after start'
    throw new AppError('VALIDATION_FAILED', { fields: [{ path: 'end', message }] })
  }
  return { startFrame: (clip?.startFrame ?? 0) + first, frameCount: last - first }
}

/** The facts of the part of a source that this video shows. */
export function factsOf({ clip }: { clip: FrameRange | null }, found: SourceFacts): SourceFacts {
  return clip ? clippedFacts(found, clip) : found
}

/** The facts of a source cut to these frames; timestamps stay those of the source. */
export function clippedFacts(facts: SourceFacts, { startFrame, frameCount }: FrameRange): SourceFacts {
  const { video } = facts
  const seconds = (frames: number) => (frames * video.frameRate.den) / video.frameRate.num
  const startTime = video.startTime + seconds(startFrame)
  const shown = video.shown && { shown: { from: video.shown.from - startFrame, to: video.shown.to - startFrame } }
  return {
    ...facts,
    durationSeconds: seconds(frameCount),
    video: {
      ...{ ...video, startTime, frameCount, ...shown, clipped: startFrame > 0 },
      // It begins and ends between key frames.
      ...{ copyable: undefined, copyableHevc: undefined },
    },
  }
}

/** In frames: a time read from the video's own duration may be that much beyond it. */
const TOLERANCE = 0.5

/** Throws `VALIDATION_FAILED` for the field `path` where the time, in seconds, is after the end of the video. */
export function assertWithin(
  { frameRate, frameCount }: Pick<SourceFacts['video'], 'frameRate' | 'frameCount'>,
  path: string,
  seconds: number,
): void {
  if ((seconds * frameRate.num) / frameRate.den <= frameCount + TOLERANCE) return
  throw new AppError('VALIDATION_FAILED', { fields: [{ path, message: 'is after the end of the video' }] })
}
