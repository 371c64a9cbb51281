import type { StoryboardGrid } from '@kinora/common/contracts'
import type { VideoPlan } from '../db/stored.ts'

const MAX_PICTURES = 300
const LONG_SIDE = 320
/** On one sprite; a viewer who points at one place of the time line loads some hundred KiB for it. */
const MAX_COLUMNS = 5
const MAX_ROWS = 5

/**
 * A picture of every key frame, or for long videos of the first key frame of every so many segments: then only these
 * segments are read at all.
 */
export function planStoryboard(plan: VideoPlan): StoryboardGrid {
  const step = stepFrames(plan)
  const count = Math.ceil(plan.frameCount / step)
  const columns = Math.min(MAX_COLUMNS, count)
  return {
    interval: (step * plan.frameRate.den) / plan.frameRate.num,
    count,
    columns,
    rows: Math.min(MAX_ROWS, Math.ceil(count / columns)),
    ...pictureSize(plan),
  }
}

function stepFrames({ frameCount, gopFrames, segmentFrames }: VideoPlan): number {
  if (Math.ceil(frameCount / gopFrames) <= MAX_PICTURES) return gopFrames
  const segments = Math.ceil(frameCount / segmentFrames)
  return Math.ceil(segments / MAX_PICTURES) * segmentFrames
}

function pictureSize({ rungs: [smallest] }: VideoPlan): { width: number; height: number } {
  if (!smallest) throw new Error('a plan has a rendition')
  const { width, height } = smallest
  const factor = Math.min(1, LONG_SIDE / Math.max(width, height))
  // 4:2:0 chroma needs even sides.
  const even = (side: number) => Math.max(2, Math.round((side * factor) / 2) * 2)
  return { width: even(width), height: even(height) }
}
