import type { TaskKind, TaskStatus, WaitingTask } from '@kinora/common/contracts'
import { comesAfterwards } from './plan.ts'

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
