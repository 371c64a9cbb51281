import type { FrameRate } from '@kinora/common/contracts'
import { frameGrid, framesOnGrid } from './frame-grid.ts'
import { perSecond } from './frame-rate.ts'

/** Two AAC frames at 22050 Hz, the longest delay of a sound encoder that is added. */
const LONGEST_DELAY_SECONDS = 0.1

/**
 * Writers of fragmented MP4 show the first picture for as long as the sound's encoder delay too much, which puts all others
 * beside its grid. Where these follow each other at exactly a declared rate, the first is shown one frame before the
 * second, so that the rate can be kept, without a picture shown twice.
 */
export function withSteadyStart(times: number[], candidates: FrameRate[]): number[] {
  const [first, ...others] = times
  const second = others[0]
  // Any rate lies under a few pictures.
  if (first === undefined || second === undefined || others.length < 3) return times
  const { frameRate, resample } = frameGrid(others, 0, candidates)
  if (resample || framesOnGrid(times, frameRate) !== undefined) return times
  const frame = 1 / perSecond(frameRate)
  const tooMuch = second - first - frame
  return tooMuch > 0 && tooMuch < LONGEST_DELAY_SECONDS ? [second - frame, ...others] : times
}
