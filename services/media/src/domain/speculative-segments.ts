import { isDeepStrictEqual } from 'node:util'
import type { Overlay, SourceFacts, TaskWork } from '@kinora/common/contracts'
import type { StorageKey } from '@kinora/common/storage'
import type { PlannedTask } from '../db/stored.ts'
import { planTasks, planVideo } from './plan.ts'
import type { VideoWork } from './segments.ts'

/** A source of which only the beginning is there. */
export interface Beginning {
  key: StorageKey
  /** How much of the source it is, up to 1. */
  share: number
}

/** So much must lie behind the last picture that is needed: of the very last, some may be missing. A codec reorders up to 16. */
const MARGIN_SECONDS = 1
const MARGIN_FRAMES = 16

/**
 * The task that makes the first segments of a video, as the whole source will have it planned; null where this beginning
 * is too short for them, or where no such task would be planned.
 * @param facts what was found in the beginning; the length of the whole is guessed from its share
 */
export function earlyHead(
  facts: SourceFacts,
  { key, share }: Beginning,
  settings: { maxShortSide: number; watermark: Overlay | undefined },
): PlannedTask | null {
  const { frameCount, frameRate } = facts.video
  const whole = { ...facts, video: { ...facts.video, frameCount: Math.round(frameCount / share) } }
  const plan = planVideo(whole, settings.maxShortSide, settings.watermark)
  const [first] = planTasks(plan, whole, key, '', null)
  if (first?.queue !== 'short' || first.work.kind !== 'video') return null
  const margin = Math.max(MARGIN_FRAMES, (MARGIN_SECONDS * frameRate.num) / frameRate.den)
  const needed = first.work.chunk.frameCount + margin
  return needed <= frameCount ? first : null
}

/** Would both make the same files? How long a source is does not matter to its first segments. */
export function makesTheSame(planned: TaskWork, early: TaskWork): boolean {
  if (planned.kind !== 'video' || early.kind !== 'video') return false
  return isDeepStrictEqual(essence(planned), essence(early))
}

function essence({ sourceKey: _, facts, ...work }: VideoWork): unknown {
  // Where a file is cut off, pictures are missing between others.
  const { frameCount: _count, copyable: _copyable, resample: _resample, sourceRate: _rate, ...video } = facts.video
  // As it is stored: a property that is undefined is none.
  return JSON.parse(JSON.stringify({ ...work, facts: { ...facts, durationSeconds: 0, video } }))
}
