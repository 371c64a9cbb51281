import type { TaskKind } from '@kinora/common/contracts'
import { makesPlayable } from './plan.ts'

export interface Candidate {
  kind: TaskKind
  ordinal: number
  /** Unfinished videos that the same owner made before this one. */
  earlier: number
}

const RANKS = 5

/**
 * The place of a task among all that wait for a worker, 0 to 9, higher first. Whoever waits to see something at all comes
 * before whoever can watch already; within both, a user's first unfinished video comes before another's second.
 */
export function taskPriority({ earlier, ...task }: Candidate): number {
  return (makesPlayable(task) ? RANKS : 0) + Math.max(0, RANKS - 1 - earlier)
}
