import { type FrameRate, type SourceFacts, type Warning, warningOf } from '@kinora/common/contracts'
import type { FrameGrid } from './frame-grid.ts'
import { perSecond } from './frame-rate.ts'
import { inputFault } from './task-failure.ts'

/** A time without a gap, in seconds on the source's clock. */
export interface Stretch {
  from: number
  to: number
}

/** Seconds. Packets with a shorter gap belong together. */
const GAP_SECONDS = 1
/** Of a file with more, the rest is not looked at: its times are noise. */
const MAX_STRETCHES = 10_000

export interface StretchCollector {
  /** Takes the time and duration of the next packet in the order of the file. */
  see(time: number, duration: number): void
  /** In order of time. */
  result(): Stretch[]
}

/** Joins the packets of a track, in whatever order, to the stretches of time that they fill. */
export function collectStretches(): StretchCollector {
  const stretches: Stretch[] = []

  function see(time: number, duration: number): void {
    const last = stretches.at(-1)
    const end = time + Math.max(0, duration)
    if (last && time <= last.to + GAP_SECONDS && end >= last.from - GAP_SECONDS) {
      last.from = Math.min(last.from, time)
      last.to = Math.max(last.to, end)
    } else if (stretches.length < MAX_STRETCHES) {
      stretches.push({ from: time, to: end })
    }
  }

  return { see, result: () => stretches.toSorted((one, other) => one.from - other.from) }
}

/** The frames that were found, and what was found of their rate. */
export interface FoundFrames {
  grid: FrameGrid
  /** Of the first frame, in seconds on the source's clock. */
  startTime: number
  /** Frames of the source itself, of which the grid may have fewer or more. */
  frames: number
  /** Frames a second of the source itself; undefined for a single frame. */
  rate: FrameRate | undefined
}

/** The frames of a video, and when the first of them is, in seconds on the source's clock. */
export interface Timeline {
  grid: FrameGrid
  startTime: number
  /** Frames that the source has, where the audio is longer than they are. */
  shown?: NonNullable<SourceFacts['video']['shown']>
}

/**
 * Seconds by which the audio may be longer than the frames at either end and is cut all the same. The last packet of most
 * files ends a little after the last frame; a frame more would prevent that they are remuxed.
 */
const CUT_SECONDS = 0.1
/** Seconds from audio to the frames, or to other audio that belongs to them; what is further away has a broken clock. */
const FAR_SECONDS = 60
/** Shorter additions are not worth a warning. */
const NOTED_SECONDS = 1

/**
 * The length of a video is that of its longest track: black frames are put before those of the source where the audio begins
 * earlier, and the last frame is held where the audio ends later.
 */
export function wholeTimeline(
  { grid, startTime, frames }: Pick<FoundFrames, 'grid' | 'startTime' | 'frames'>,
  audio: readonly Stretch[],
): { timeline: Timeline; warnings: Warning[] } {
  const rate = perSecond(grid.frameRate)
  const end = startTime + grid.frameCount / rate
  const { near, lost } = withinReach({ from: startTime, to: end }, audio)
  const warnings = lost > 0 ? [warningOf('AUDIO_CUT', cutDetail(lost))] : []
  const before = framesFor(startTime - near.from, rate)
  const after = framesFor(near.to - end, rate)
  // A still is one frame, however long it is shown.
  const own = frames === 1 ? 1 : grid.frameCount
  if (before === 0 && after === 0 && own === grid.frameCount) return { timeline: { grid, startTime }, warnings }
  if (before / rate >= NOTED_SECONDS) {
    const detail = `The audio begins ${seconds(before / rate)} before the first frame: the video is black until then.`
    warnings.push(warningOf('FRAMES_BLACK', detail))
  }
  if (after / rate >= NOTED_SECONDS) {
    const detail = `The audio is ${seconds(after / rate)} longer than the frames: the last frame is held.`
    warnings.push(warningOf('FRAMES_HELD', detail))
  }
  const timeline = {
    grid: { ...grid, frameCount: before + grid.frameCount + after },
    startTime: startTime - before / rate,
    shown: { from: before, to: before + own },
  }
  return { timeline, warnings }
}

/** A frame of AAC at 48 kHz, of which every segment of audio consists. */
const AUDIO_RATE: FrameRate = { num: 375, den: 8 }

/** The same for a source without frames, whose longest stretch of audio takes their place. */
export function audioTimeline(audio: readonly Stretch[]): { timeline: Timeline; warnings: Warning[] } {
  const length = ({ from, to }: Stretch) => to - from
  const [longest] = audio.toSorted((one, other) => length(other) - length(one))
  if (!longest) throw inputFault('SOURCE_CORRUPT', 'The file is damaged: it contains no audio.')
  const { near, lost } = withinReach(longest, audio)
  const frameCount = Math.max(MIN_AUDIO_FRAMES, framesFor(length(near), perSecond(AUDIO_RATE)))
  const timeline = { grid: { frameRate: AUDIO_RATE, frameCount, resample: false }, startTime: near.from }
  return { timeline, warnings: lost > 0 ? [warningOf('AUDIO_CUT', cutDetail(lost, 'the rest of it'))] : [] }
}

/** The delay of the encoder, and one frame. */
const MIN_AUDIO_FRAMES = 2

/** Whole frames, so that no audio is cut. The allowance is for times that are rounded to milliseconds. */
function framesFor(seconds: number, rate: number): number {
  return seconds > CUT_SECONDS ? Math.ceil(seconds * rate - 0.05) : 0
}

/** The time of the frames and of all audio that is not far from it, and the seconds of audio that are. */
function withinReach(frames: Stretch, audio: readonly Stretch[]): { near: Stretch; lost: number } {
  let near = frames
  const join = (stretch: Stretch): number => {
    if (stretch.from > near.to + FAR_SECONDS || stretch.to < near.from - FAR_SECONDS) return stretch.to - stretch.from
    near = { from: Math.min(near.from, stretch.from), to: Math.max(near.to, stretch.to) }
    return 0
  }
  // From the frames outwards: later stretches in their order, earlier ones in the opposite.
  const later = audio.filter(({ to }) => to > frames.from)
  const earlier = audio.filter(({ to }) => to <= frames.from).toReversed()
  const lost = [...later, ...earlier].reduce((sum, stretch) => sum + join(stretch), 0)
  return { near, lost }
}

function cutDetail(lost: number, from = 'all frames'): string {
  return `${seconds(lost)} of audio were left out: they are more than ${FAR_SECONDS} s away from ${from}.`
}

function seconds(value: number): string {
  return `${value.toFixed(1)} s`
}
