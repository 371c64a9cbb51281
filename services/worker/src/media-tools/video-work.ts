import type { TaskWork } from '@kinora/common/contracts'

export type VideoWork = Extract<TaskWork, { kind: 'video' }>
export type WorkRung = VideoWork['rungs'][number]

/** Number of the first segment of this rung that the task makes. */
export function firstOf({ firstSegment }: WorkRung, { chunk }: VideoWork): number {
  return Math.max(firstSegment, chunk.firstSegment)
}
