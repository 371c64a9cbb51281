import type { TaskKind, TaskStatus, WaitingTask } from '@kinora/common/contracts'
import { comesAfterwards, makesPlayable } from './plan.ts'

export interface Candidate {
  kind: TaskKind
  ordinal: number
  /** How many unfinished videos the same project got before this one. */
  earlier: number
}

const RANKS = 5

/**
 * The priority of a task among all that wait for a worker, 0 to 9, higher first. Tasks that make a video playable come
 * before tasks of playable videos; within both, a project's first unfinished video comes before another's second.
 */
export function taskPriority({ earlier, ...task }: Candidate): number {
  return (makesPlayable(task) ? RANKS : 0) + Math.max(0, RANKS - 1 - earlier)
}

export interface Unfinished {
  kind: TaskKind
  state: Extract<TaskStatus, 'waiting' | 'queued' | 'cancelled'>
  /** Deferred by the concurrency limit of its project. */
  held: boolean
  /** When a task that failed is tried again. */
  notBefore: Date | null
}

type Reason = WaitingTask['reason']

const DETAILS: Record<Reason, string> = {
  worker: 'The task waits for a free worker.',
  pause: 'The last attempt failed; the next one begins after a pause.',
  turn: 'The task begins when another task of its project ends: the limit of running tasks is reached.',
  start: 'The task begins when the first seconds of the video are playable.',
  tasks: 'The task begins when all audio and video tasks are done.',
  playlists: 'The task begins when the finished segments are published.',
  retry: 'The task was cancelled because another task failed; retrying the video starts it again.',
}

/** What a task that is not running waits for; `tasksDone`: all audio and video tasks are done. */
export function waitingFor(task: Unfinished, tasksDone: boolean): { reason: Reason; detail: string } {
  const reason = reasonOf(task, tasksDone)
  return { reason, detail: DETAILS[reason] }
}

function reasonOf({ kind, state, held, notBefore }: Unfinished, tasksDone: boolean): Reason {
  if (state === 'queued') return 'worker'
  if (state === 'cancelled') return 'retry'
  if (notBefore !== null) return 'pause'
  if (held) return 'turn'
  if (!comesAfterwards(kind)) return 'start'
  return tasksDone ? 'playlists' : 'tasks'
}
