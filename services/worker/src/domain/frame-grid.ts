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
 * A declared rate whose grid all pictures lie on is kept, even with gaps; otherwise the standard rate nearest to that
 * of the motion, or to the average, is taken. `candidates` are the rates the container declares.
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
  const steady = rateForAverage(times.length / Math.max(seconds, 1e-3), candidates)
  const frameRate = rateForMotion(times, steady)
  return { frameRate, frameCount: Math.max(1, Math.round(seconds * perSecond(frameRate))), resample: true }
}

function rateForAverage(average: number, candidates: FrameRate[]): FrameRate {
  const fast = candidates.find((rate) => perSecond(rate) > 60 && Math.abs(perSecond(rate) / average - 1) < 0.02)
  return fast ? halveTo60(fast) : nearestStandardRate(Math.min(average, 60))
}

/** In pictures: over so many, those that come early and late even out. */
const STRETCH = 8
/** Of all pictures, those that are in the fastest stretches. A few are too few: broken times, or a stream that catches up. */
const MOVING_SHARE = 0.1
/** Less than this above the average is unevenness, not bursts between pauses: 24 in the dark and 30 else, as phones do. */
const REALLY_FASTER = 1.3

/** A recording with pauses moves faster than its average, which would lose most pictures of what moves. */
function rateForMotion(times: number[], steady: FrameRate): FrameRate {
  const lengths = Float64Array.from({ length: Math.max(0, times.length - STRETCH) }, (_, index) => {
    return (times[index + STRETCH] ?? 0) - (times[index] ?? 0)
  }).sort()
  const fast = lengths[Math.floor(lengths.length * MOVING_SHARE)]
  if (fast === undefined) return steady
  const moving = nearestStandardRate(Math.min(STRETCH / fast, 60))
  return perSecond(moving) >= REALLY_FASTER * perSecond(steady) ? moving : steady
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
