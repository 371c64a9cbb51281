import type { FrameRate, StillFormat } from '@kinora/common/contracts'
import type { PlannedTask, VideoPlan } from '../db/stored.ts'
import { renditionPlaylist } from './presentation.ts'

/** One frame in one size and format; equal for all requests that get the same picture. */
export interface StillPlace {
  frame: number
  width: number
  format: StillFormat
}

/** Seconds. Players give the time of a frame in microseconds, which may be cut off before it. */
const TOLERANCE = 1e-6

/** The frame that is shown at a time in seconds; null at the end of the video and after it. */
export function frameShownAt(time: number, { frameRate, frameCount }: { frameRate: FrameRate; frameCount: number }) {
  const { num, den } = frameRate
  if (time >= (frameCount * den) / num) return null
  return Math.min(frameCount - 1, Math.floor(((time + TOLERANCE) * num) / den))
}

/** The width of a picture: never more than that of the rendition, and with a short side of at most `maxHeight`. */
export function stillWidth(
  { width, height }: { width: number; height: number },
  wanted: number | undefined,
  maxHeight: number | null,
): number {
  const short = Math.min(width, height)
  const allowed =
    maxHeight === null || short <= maxHeight ? width : Math.max(1, Math.floor((width * maxHeight) / short))
  return Math.min(wanted ?? allowed, allowed)
}

/** After all other tasks of a video. */
const FIRST_ORDINAL = 1_000_000_000

/** @param number of the still, as its row has it */
export function stillTask(
  { frameRate, rungs }: VideoPlan,
  place: StillPlace,
  { playlistKey, number }: { playlistKey: string; number: number },
): PlannedTask {
  const largest = rungs.at(-1)
  if (!largest) throw new Error('a video without renditions has no frames')
  const { name, width, height } = largest
  return {
    ordinal: FIRST_ORDINAL + (number % FIRST_ORDINAL),
    label: `still of frame ${place.frame}`,
    queue: 'short',
    weight: 1,
    work: {
      kind: 'still',
      renditionKey: `${playlistKey}/${renditionPlaylist(name)}`,
      frameRate,
      size: { width, height },
      ...place,
    },
  }
}
