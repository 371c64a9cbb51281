import type { Rung, SourceFacts } from '@kinora/common/contracts'
import { type Chunk, chunkPlan } from './chunk-plan.ts'
import type { PlannedTask, VideoPlan } from './plan.ts'
import type { VideoWork } from './video-segments.ts'
import { copyWeight, pictureWeight } from './weights.ts'

export type VideoTask = Omit<PlannedTask, 'ordinal' | 'work'> & { work: VideoWork }

export interface PictureSource {
  facts: SourceFacts
  sourceKey: string
}

/** Encodes these rungs of a range of frames. */
export function videoTask(
  plan: VideoPlan,
  { facts, sourceKey }: PictureSource,
  chunk: Chunk,
  rungs: VideoWork['rungs'],
): VideoTask {
  const { gopFrames, segmentFrames, watermark } = plan
  const picture = { sourceKey, facts, ...(watermark && { watermark }) }
  const work: VideoWork = { kind: 'video', ...picture, rungs, gopFrames, segmentFrames, chunk }
  return {
    label: `video ${labelOf(chunk, plan)} ${rungs.map((rung) => rung.name).join(' ')}`,
    queue: 'long',
    weight: pictureWeight(work),
    work,
  }
}

/**
 * Cuts all pictures of the source into segments of this rung, as they are. One task for the whole: it takes seconds, and a
 * rendition is either copied or encoded, never some of each.
 */
export function copyTask(plan: VideoPlan, source: PictureSource, rung: Rung): VideoTask {
  const whole = { startFrame: 0, frameCount: plan.frameCount, firstSegment: 0 }
  const { label, work } = videoTask(plan, source, whole, [{ ...rung, firstSegment: 0 }])
  return { label: `${label} copied`, queue: 'short', weight: copyWeight(work), work: { ...work, copied: true } }
}

/** What makes the same segments as a copy that cannot be had, by encoding. At least one. */
export function tasksInstead(plan: VideoPlan, { facts, sourceKey, rungs }: VideoWork): VideoTask[] {
  return chunkPlan(plan.frameCount, plan).map((chunk) => videoTask(plan, { facts, sourceKey }, chunk, rungs))
}

function labelOf({ startFrame, frameCount }: Chunk, { frameRate: { num, den } }: VideoPlan): string {
  const seconds = (frames: number) => Math.round((frames * den) / num)
  return `${seconds(startFrame)}-${seconds(startFrame + frameCount)} s`
}
