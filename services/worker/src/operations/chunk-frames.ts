import type { FrameRate } from '@kinora/common/contracts'
import { perSecond } from '../domain/frame-rate.ts'
import type { VideoWork } from '../domain/task-work.ts'
import { fieldFrames, standardFrame } from './frame-filters.ts'

type Size = Parameters<typeof standardFrame>[1]
type Shown = NonNullable<VideoWork['facts']['video']['shown']>

/** The frame of the grid from which a chunk is read: its first, or one that the source has. */
export function readStart({ chunk: { startFrame }, facts: { video } }: VideoWork): number {
  const { shown } = video
  if (!shown) return startFrame
  return isHeld(startFrame, shown) ? heldStart(shown, video.frameRate) : Math.max(startFrame, shown.from)
}

/**
 * Filters for the frames of a chunk in this size, with the times of the whole video. The clock of the source becomes that of
 * the video; `fps` gives exactly the frames of the grid from the first one on, and repeats frames in gaps and before the
 * first; the last is repeated if the source ends early. Frames before those of the source are black.
 */
export function chunkFrames(work: VideoWork, size: Size): string[] {
  const { chunk, facts } = work
  const { video } = facts
  const { startFrame, frameCount } = chunk
  const { shown } = video
  const black = Math.min(frameCount, Math.max(0, (shown?.from ?? 0) - startFrame))
  const blacken = black > 0 ? [`drawbox=color=black:t=fill:enable='lt(n,${black})'`] : []
  const isOutlived = shown !== undefined && startFrame + frameCount > shown.to
  return [...(isOutlived ? outlivedFrames(work, shown, size) : ownFrames(work, size)), ...blacken]
}

function ownFrames({ chunk: { startFrame, frameCount }, facts: { video } }: VideoWork, size: Size): string[] {
  const standard = standardFrame(video, size, { areFields: true })
  return [...timed(video, startFrame), HOLD, `trim=end_frame=${frameCount}`, ...standard]
}

/** Of a chunk that ends after the last frame of the source. That is repeated after it was scaled, which costs nothing. */
function outlivedFrames({ chunk, facts: { video } }: VideoWork, shown: Shown, size: Size): string[] {
  const { startFrame, frameCount } = chunk
  const { num, den } = video.frameRate
  const toPlace = `setpts=N+${startFrame}`
  if (shown.to - shown.from === 1) {
    // A cover has no time, and `fps` drops a single frame without a duration.
    const repeated = ['trim=end_frame=1', ...standardFrame(video, size), HOLD, `settb=${den}/${num}`, 'setpts=N']
    return [...repeated, gridFrom(0, video.frameRate), `trim=end_frame=${frameCount}`, toPlace]
  }
  const held = isHeld(startFrame, shown)
  const first = held ? heldStart(shown, video.frameRate) : startFrame
  const dropped = held ? shown.to - 1 - first : 0
  const end = dropped + frameCount
  const scaled = standardFrame(video, size, { areFields: true })
  const read = [...timed(video, first), `trim=end_frame=${end}`, ...scaled, HOLD]
  return [...read, `trim=start_frame=${dropped}:end_frame=${end}`, toPlace]
}

const HOLD = 'tpad=stop=-1:stop_mode=clone'

function timed(video: VideoWork['facts']['video'], startFrame: number): string[] {
  const toVideoClock = `setpts=PTS-round((${video.startTime.toFixed(6)})/TB)`
  return [toVideoClock, ...fieldFrames(video), gridFrom(startFrame, video.frameRate)]
}

function gridFrom(startFrame: number, { num, den }: FrameRate): string {
  return `fps=fps=${num}/${den}:start_time=${((startFrame * den) / num).toFixed(9)}:round=near`
}

/** Whether a chunk consists of the last frame of the source alone. */
function isHeld(startFrame: number, { to }: Shown): boolean {
  return startFrame >= to - 1
}

/** Seconds before the last frame from which such a chunk is read, in case the last frames cannot be decoded. */
const LAST_SECONDS = 2

function heldStart({ from, to }: Shown, frameRate: FrameRate): number {
  return Math.max(from, to - 1 - Math.ceil(LAST_SECONDS * perSecond(frameRate)))
}
