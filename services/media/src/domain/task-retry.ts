import { causeOf, type TaskCause, type TaskKind } from '@kinora/common/contracts'

/** Failures of a task so far, including the current one. A lost worker counts as a host failure. */
export interface Failures {
  host: number
  memory: number
}

const HOST_RETRIES = 4
const MEMORY_RETRIES = 1
/** Segments never change and only the playlists are rewritten before the next check, so one more check is enough. */
const CHECK_RETRIES = 1
/** A viewer waits for the picture, and asks again. */
const STILL_RETRIES = 1
const FIRST_DELAY_MS = 1000
const MAX_DELAY_MS = 60_000

/** The cause of an attempt whose worker vanished; a file that kills workers must fail with a reason, not run for ever. */
export const WORKER_LOST = causeOf('WORKER_LOST')

export function countFailure(cause: TaskCause, before: Failures): Failures {
  return {
    host: before.host + (cause.class === 'host' ? 1 : 0),
    memory: before.memory + (cause.class === 'memory' ? 1 : 0),
  }
}

/** Whether the task is retried. A fault of the file never goes away by itself. */
export function mayRetry(kind: TaskKind, cause: TaskCause, failures: Failures): boolean {
  if (kind === 'finalise' && cause.code === 'VERIFICATION_FAILED') return failures.host <= CHECK_RETRIES
  if (kind === 'still' && cause.class !== 'input') return failures.host + failures.memory <= STILL_RETRIES
  if (cause.class === 'host') return failures.host <= HOST_RETRIES
  if (cause.class === 'memory') return failures.memory <= MEMORY_RETRIES
  return false
}

/** Milliseconds until the next attempt: 1, 4, 16, 60 s, each with jitter down to its half. `random` is in [0, 1). */
export function retryDelayMs({ host, memory }: Failures, random: number): number {
  const step = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 4 ** Math.max(0, host + memory - 1))
  return Math.round(step * (0.5 + random / 2))
}
