import type { FrameRate } from './source-facts.ts'

/** The frames at which segments and key frames begin. */
export interface Grid {
  /** Frames from one key frame to the next: as close to two seconds as whole frames allow. */
  gopFrames: number
  /** Frames of each segment but the video's last. */
  segmentFrames: number
}

const GOP_SECONDS = 2
const GOPS_PER_SEGMENT = 3

/**
 * The grid is the same for all renditions, so that players can switch at every segment. The probe checks whether a source
 * already has it.
 */
export function segmentGrid({ num, den }: FrameRate): Grid {
  const gopFrames = Math.max(1, Math.round((GOP_SECONDS * num) / den))
  return { gopFrames, segmentFrames: gopFrames * GOPS_PER_SEGMENT }
}

/** A last segment that is shorter than this many seconds is part of the one before it: players stumble over it. */
const MIN_LAST_SECONDS = 0.5

/** What of a range of frames follows from its cuts. */
export interface CutRange {
  frameCount: number
  segmentFrames: number
  frameRate: FrameRate
}

/** The range of a video task. */
export function cutRangeOf(work: {
  chunk: { frameCount: number }
  segmentFrames: number
  facts: { video: { frameRate: FrameRate } }
}): CutRange {
  const { chunk, segmentFrames, facts } = work
  return { frameCount: chunk.frameCount, segmentFrames, frameRate: facts.video.frameRate }
}

/** Number of segments of a range of frames that begins with a segment. */
export function segmentCount({ frameCount, segmentFrames, frameRate: { num, den } }: CutRange): number {
  const rest = frameCount % segmentFrames
  const whole = Math.floor(frameCount / segmentFrames)
  const isShort = rest * den < MIN_LAST_SECONDS * num
  return whole > 0 && isShort ? whole : Math.ceil(frameCount / segmentFrames)
}

/** Frames of the segment with this index in the range. */
export function framesOfSegment(index: number, range: CutRange): number {
  const rest = range.frameCount - index * range.segmentFrames
  return index === segmentCount(range) - 1 ? rest : Math.min(range.segmentFrames, rest)
}
