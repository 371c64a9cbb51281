import type { FrameRate } from '@kinora/common/contracts'
import { divideTo60, isUsableRate, nearestStandardRate, perSecond } from './frame-rate.ts'

export interface FrameGrid {
  frameRate: FrameRate
  frameCount: number
  resample: boolean
}

/** When the frames of a source are shown. */
export interface FrameTimes {
  /** Seconds on the source's clock, ascending, each once. */
  times: number[]
  /** Seconds for which the last frame is shown. */
  lastDuration: number
}

/** How far, in frames, a source frame may be off the grid; containers round to milliseconds. */
export const TOLERANCE = 0.25

/**
 * The constant-rate grid for frames shown at `times` (seconds, ascending, at least one), the last for `lastDuration`.
 * A declared rate is kept when all frames are on its grid, even with gaps; otherwise the result is the standard rate nearest
 * to that of the motion, or to the average. `candidates` are the rates that the container declares.
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
  if (times.length === 1) return stillGrid(lastDuration)
  const steady = rateForAverage(times.length / Math.max(seconds, 1e-3), candidates)
  const frameRate = rateForMotion(times, steady)
  return { frameRate, frameCount: Math.max(1, Math.round(seconds * perSecond(frameRate))), resample: true }
}

/** The rate of a still. It costs little, and the length is exact. */
const STILL_RATE: FrameRate = { num: 25, den: 1 }

/** The grid of a single frame that is shown for `seconds`. */
export function stillGrid(seconds: number): FrameGrid {
  const frameCount = Math.max(1, Math.round(seconds * perSecond(STILL_RATE)))
  return { frameRate: STILL_RATE, frameCount, resample: frameCount > 1 }
}

function rateForAverage(average: number, candidates: FrameRate[]): FrameRate {
  const fast = candidates.find((rate) => perSecond(rate) > 60 && Math.abs(perSecond(rate) / average - 1) < 0.02)
  return fast ? divideTo60(fast) : nearestStandardRate(Math.min(average, 60))
}

/** Frames; over this many, early and late frames even out. */
const STRETCH = 8
/** Share of frames in the fastest stretches. Fewer may be broken times, or a stream that catches up. */
const MOVING_SHARE = 0.1
/**
 * Times the average. Less is unevenness, as of phones with 24 frames a second in the dark and 30 otherwise, not bursts
 * between pauses.
 */
const REALLY_FASTER = 1.3

/** A recording with pauses moves faster than its average rate, at which most frames of the motion would be lost. */
function rateForMotion(times: number[], steady: FrameRate): FrameRate {
  const lengths = Float64Array.from({ length: Math.max(0, times.length - STRETCH) }, (_, index) => {
    return (times[index + STRETCH] ?? 0) - (times[index] ?? 0)
  }).sort()
  const fast = lengths[Math.floor(lengths.length * MOVING_SHARE)]
  if (fast === undefined) return steady
  const moving = nearestStandardRate(Math.min(STRETCH / fast, 60))
  return perSecond(moving) >= REALLY_FASTER * perSecond(steady) ? moving : steady
}

/** Length of the grid from the first frame to the last; undefined when a frame is off the grid. */
function framesOnGrid(times: number[], rate: FrameRate): number | undefined {
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

/** Two AAC frames at 22050 Hz, the longest encoder delay of audio. */
const MAX_DELAY_SECONDS = 0.1

/**
 * Writers of fragmented MP4 show the first frame too long, by the encoder delay of the audio, which puts all other frames
 * off its grid. Where the others follow each other at exactly a declared rate, the first frame is moved to one frame before
 * the second, so that the rate can be kept without repeating a frame.
 */
export function withSteadyStart(times: number[], candidates: FrameRate[]): number[] {
  const [first, ...others] = times
  const second = others[0]
  // A few frames are on the grid of any rate.
  if (first === undefined || second === undefined || others.length < 3) return times
  const { frameRate, resample } = frameGrid(others, 0, candidates)
  if (resample || framesOnGrid(times, frameRate) !== undefined) return times
  const frame = 1 / perSecond(frameRate)
  const tooMuch = second - first - frame
  return tooMuch > 0 && tooMuch < MAX_DELAY_SECONDS ? [second - frame, ...others] : times
}

/** Two frames closer than this are one: fields of a frame, or a repeated packet. */
const SAME_INSTANT_SECONDS = 0.0005

/** Sorts times, and removes those of repeated frames. */
export function distinctTimes(times: number[]): number[] {
  const sorted = times.sort((a, b) => a - b)
  return sorted.filter((time, index) => index === 0 || time - (sorted[index - 1] ?? 0) > SAME_INSTANT_SECONDS)
}
