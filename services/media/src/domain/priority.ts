import type { TaskKind, TaskStatus, WaitingTask } from '@kinora/common/contracts'
import { comesAfterwards, makesPlayable } from './plan.ts'

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

export interface Unfinished {
  kind: TaskKind
  state: Extract<TaskStatus, 'waiting' | 'queued' | 'cancelled'>
  /** Put aside by the limit of its owner's running tasks. */
  held: boolean
  /** When a task that failed is tried again. */
  notBefore: Date | null
}

type Reason = WaitingTask['reason']

const WORDS: Record<Reason, string> = {
  worker: 'It waits for a worker that is free.',
  pause: 'The last try failed; it is tried again after a pause.',
  turn: 'It begins when another task of its owner has ended: no more of them may run at once.',
  start: 'It begins when the first seconds of the video are there to be played.',
  tasks: 'It begins when the tasks before it are done.',
  playlists: 'It begins when the finished parts are published.',
  retry: 'It was given up because another task failed; it begins anew when the video is retried.',
}

/** What a task that nobody works on is waiting for; `tasksDone`: sound and pictures are all made. */
export function waitingFor(task: Unfinished, tasksDone: boolean): { reason: Reason; detail: string } {
  const reason = reasonOf(task, tasksDone)
  return { reason, detail: WORDS[reason] }
}

function reasonOf({ kind, state, held, notBefore }: Unfinished, tasksDone: boolean): Reason {
  if (state === 'queued') return 'worker'
  if (state === 'cancelled') return 'retry'
  if (notBefore !== null) return 'pause'
  if (held) return 'turn'
  if (!comesAfterwards(kind)) return 'start'
  return tasksDone ? 'playlists' : 'tasks'
}
