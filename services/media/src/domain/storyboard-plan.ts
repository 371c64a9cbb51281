import type { StoryboardGrid } from '@kinora/common/contracts'
import type { VideoPlan } from '../db/stored.ts'

const MAX_STILLS = 300
const LONG_SIDE = 320
/** On one sprite; a viewer who points at one place of the seek bar loads some hundred KiB. */
const MAX_COLUMNS = 5
const MAX_ROWS = 5

/**
 * A still of every key frame, where these are as far apart as usual. In long videos only one of every n-th segment is taken,
 * so that only these segments are read. At a time without a key frame the one before is shown.
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
    ...stillSize(plan),
  }
}

function stepFrames(plan: VideoPlan): number {
  const { frameCount, gopFrames, segmentFrames } = plan
  if (Math.ceil(frameCount / gopFrames) <= MAX_STILLS) return gopFrames
  return Math.ceil(frameCount / segmentFrames / MAX_STILLS) * segmentFrames
}

function stillSize({ rungs: [smallest] }: VideoPlan): { width: number; height: number } {
  if (!smallest) throw new Error('the plan has no rendition')
  const { width, height } = smallest
  const factor = Math.min(1, LONG_SIDE / Math.max(width, height))
  // 4:2:0 chroma needs even sides.
  const even = (side: number) => Math.max(2, Math.round((side * factor) / 2) * 2)
  return { width: even(width), height: even(height) }
}
