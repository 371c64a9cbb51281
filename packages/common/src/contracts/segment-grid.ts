import type { FrameRate } from './work.ts'

/** Where pictures may be cut. */
export interface Grid {
  /** Frames from one key frame to the next: as close to two seconds as whole frames allow. */
  gopFrames: number
  /** Frames of each segment but the video's last. */
  segmentFrames: number
}

const GOP_SECONDS = 2
const GOPS_PER_SEGMENT = 3

/** The same grid for all renditions, so that a player can switch at every segment; and for the probe, which asks whether a source has it. */
export function segmentGrid({ num, den }: FrameRate): Grid {
  const gopFrames = Math.max(1, Math.round((GOP_SECONDS * num) / den))
  return { gopFrames, segmentFrames: gopFrames * GOPS_PER_SEGMENT }
}
