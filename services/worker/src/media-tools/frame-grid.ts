import type { FrameRate } from '@kinora/common/contracts'
import { halveTo60, isUsableRate, nearestStandardRate, perSecond } from './frame-rate.ts'

export interface FrameGrid {
  frameRate: FrameRate
  frameCount: number
  resample: boolean
}

/** How far, in frames, a picture may stand beside the grid; containers round to milliseconds. */
const TOLERANCE = 0.25

/**
 * The constant-rate grid for pictures shown at `times` (seconds, ascending, at least one), the last for `lastDuration`.
 * A declared rate whose grid all pictures lie on is kept, even with gaps; otherwise the standard rate nearest to the
 * average is taken. `candidates` are the rates the container declares.
 */
export function frameGrid(times: number[], lastDuration: number, candidates: FrameRate[]): FrameGrid {
  const span = (times.at(-1) ?? 0) - (times[0] ?? 0)
  const average = times.length > 1 ? (times.length - 1) / span : undefined
  const standard = average === undefined ? [] : [nearestStandardRate(average)]
  for (const frameRate of [...candidates, ...standard].filter(isUsableRate)) {
    const frameCount = framesOnGrid(times, frameRate)
    // A rate that leaves most of its grid empty is a time base, not a frame rate.
    if (frameCount !== undefined && frameCount <= 2 * times.length) {
      return { frameRate, frameCount, resample: frameCount !== times.length }
    }
  }
  const seconds = span + lastDuration
  const frameRate = rateForAverage(times.length / Math.max(seconds, 1e-3), candidates)
  return { frameRate, frameCount: Math.max(1, Math.round(seconds * perSecond(frameRate))), resample: true }
}

function rateForAverage(average: number, candidates: FrameRate[]): FrameRate {
  const fast = candidates.find((rate) => perSecond(rate) > 60 && Math.abs(perSecond(rate) / average - 1) < 0.02)
  return fast ? halveTo60(fast) : nearestStandardRate(Math.min(average, 60))
}

/** Length of the grid from the first picture to the last, or undefined when some picture lies beside it. */
export function framesOnGrid(times: number[], rate: FrameRate): number | undefined {
  const [first] = times
  if (first === undefined) return undefined
  let last = -1
  for (const time of times) {
    const position = (time - first) * perSecond(rate)
    const index = Math.round(position)
    if (Math.abs(position - index) > TOLERANCE || index <= last) return undefined
    last = index
  }
  return last + 1
}
