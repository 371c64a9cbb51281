import type { TaskQueue } from '@kinora/common/bus'
import type { TaskWork } from '@kinora/common/contracts'

/** `urgent` work makes what `yields` stand still; `neutral` work does neither. */
export type Standing = 'urgent' | 'neutral' | 'yields'

/**
 * Urgent is what somebody waits for to see anything at all: the first segments of a video, not what is left of a task whose
 * first segments are recorded. Other short work does not yield: it would hold its place in the short queue meanwhile, for
 * which urgent work may be waiting.
 */
export function standingOf(work: TaskWork, queue: TaskQueue): Standing {
  if (queue === 'long') return 'yields'
  return work.kind === 'probe' || firstSegmentOf(work) === 0 ? 'urgent' : 'neutral'
}

function firstSegmentOf(work: TaskWork): number | undefined {
  if (work.kind === 'audio') return work.firstSegment
  // A copy tells of nothing before it is whole; so long nobody stands still for it.
  return work.kind === 'video' && !work.copied ? work.chunk.firstSegment : undefined
}
