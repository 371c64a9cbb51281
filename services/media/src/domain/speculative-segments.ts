import { isDeepStrictEqual } from 'node:util'
import type { SourceFacts, TaskResult, TaskWork } from '@kinora/common/contracts'
import type { StorageKey } from '@kinora/common/storage'
import type { PlannedTask } from '../db/stored.ts'
import { type PlanSettings, planSourceVideo, planTasks } from './plan.ts'
import type { VideoWork } from './segments.ts'

/** What the probe of a beginning has found. */
export type Found = Pick<Extract<TaskResult, { kind: 'probe' }>, 'facts' | 'cuts'>

/** The beginning of a source whose upload still runs. */
export interface Beginning {
  key: StorageKey
  /** Its share of the source, up to 1. */
  share: number
}

/**
 * What the beginning must have after the last frame that is needed: its very last frames may be incomplete. A codec reorders up
 * to 16.
 */
const MARGIN_SECONDS = 1
const MARGIN_FRAMES = 16

/**
 * The task that encodes the first segments of a video, as the plan for the whole source will have it; null where this
 * beginning is too short, or where the plan would have no such task.
 * @param found the result of probing the beginning; the length of the whole is estimated from its share
 */
export function speculativeHead(found: Found, { key, share }: Beginning, settings: PlanSettings): PlannedTask | null {
  const { facts, cuts } = found
  const { frameCount, frameRate, copyable, copyableHevc } = facts.video
  const whole = {
    ...facts,
    video: {
      ...facts.video,
      frameCount: Math.round(frameCount / share),
      copyable: copyable && whollyCopyable(copyable),
      copyableHevc: copyableHevc && whollyCopyable(copyableHevc),
    },
  }
  const { plan, remux } = planSourceVideo(whole, cuts, settings)
  const [first] = planTasks(plan, whole, key, '', remux)
  if (first?.queue !== 'short' || first.work.kind !== 'video' || first.work.copied) return null
  const margin = Math.max(MARGIN_FRAMES, (MARGIN_SECONDS * frameRate.num) / frameRate.den)
  const needed = first.work.chunk.frameCount + margin
  // The end of the last frame of the beginning is not that of the whole: nothing that is held may be encoded.
  return needed <= (facts.video.shown?.to ?? frameCount) ? first : null
}

/** What the index says of the whole file will be true when it is here. */
function whollyCopyable({ peakBitrate }: { peakBitrate: number }): SourceFacts['video']['copyable'] {
  return { peakBitrate }
}

/** Whether both tasks make the same files. The length of a source does not change its first segments. */
export function makesTheSame(planned: TaskWork, early: TaskWork): boolean {
  if (planned.kind !== 'video' || early.kind !== 'video') return false
  return isDeepStrictEqual(comparable(planned), comparable(early))
}

function comparable({ sourceKey: _, facts, ...work }: VideoWork): unknown {
  // A file that is cut off may lack frames between others, which changes these facts.
  const { frameCount: _count, resample: _resample, sourceRate: _rate, ...rest } = facts.video
  const { copyable: _copyable, copyableHevc: _copyableHevc, shown, ...video } = rest
  const firstShown = shown?.from ?? 0
  // As in the database, where a property cannot be undefined.
  return JSON.parse(JSON.stringify({ ...work, facts: { ...facts, durationSeconds: 0, video, firstShown } }))
}
