import type { FrameRate } from './work.ts'

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
