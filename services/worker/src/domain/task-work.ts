import type { TaskWork } from '@kinora/common/contracts'

/**
 * Urgent is what somebody waits for to see anything at all: the first segments of a video, not what is left of a task whose
 * first segments are recorded. While urgent work goes on, the tools of all other tasks here stand still.
 */
export function isUrgent(work: TaskWork): boolean {
  if (work.kind === 'probe') return true
  if (work.kind === 'audio') return work.firstSegment === 0
  // A copy tells of nothing before it is whole; so long nobody stands still for it.
  if (work.kind !== 'video' || work.copied) return false
  // Where a task of its own makes the head of the smallest rendition, this one begins behind it.
  return work.chunk.firstSegment === 0 && work.rungs.every(({ firstSegment }) => firstSegment === 0)
}
