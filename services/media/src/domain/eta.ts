import type { VideoStatus } from '@kinora/common/contracts'

/** Finished work: the weights of its tasks, and the sum of their durations in seconds. */
export interface Measured {
  weight: number
  seconds: number
}

/** What the estimate of when a video will be ready is computed from. */
export interface EtaInputs {
  /** This video's own tasks, including running ones. */
  own: Measured
  /** Other videos' tasks that ended recently. */
  recent: Measured
  /** The weight that is left of each of this video's tasks. */
  remaining: readonly number[]
  /** Weight of other videos' tasks that run or have priority; 0 where no task of this video waits for a worker. */
  backlog: number
  /** How many tasks the workers seem to run at the same time. */
  slots: number
}

/** A shorter measurement mostly shows how long a program takes to start. */
const TRUSTED_SECONDS = 2
/** An estimate that has passed for longer than this was wrong. */
const OVERDUE_MS = 5000

/**
 * Seconds until the video is ready; null where no speed is known. Each slot is as fast as the measured tasks. All slots
 * share the backlog and the remaining tasks, but no task runs in two of them, so the largest task is a lower bound.
 */
export function secondsLeft({ own, recent, remaining, backlog, slots }: EtaInputs): number | null {
  const speed = speedOf(own, recent)
  if (speed === null) return null
  const left = remaining.reduce((sum, weight) => sum + weight, 0)
  const shared = (backlog + left) / Math.max(1, slots)
  return Math.max(shared, ...remaining) / speed
}

/** The weight that one task finishes per second: measured on this video's own tasks once they ran long enough. */
function speedOf(own: Measured, recent: Measured): number | null {
  const known = [own.seconds >= TRUSTED_SECONDS ? own : null, recent, own]
  const best = known.find((measured) => measured && measured.weight > 0 && measured.seconds > 0)
  return best ? best.weight / best.seconds : null
}

/** Whole seconds from `now` to the estimated finish; 0 when the video is ready, null without an estimate. */
export function etaSeconds(status: VideoStatus, finishEstimate: Date | null, now: Date): number | null {
  if (status === 'ready') return 0
  if (finishEstimate === null) return null
  const leftMs = finishEstimate.getTime() - now.getTime()
  return leftMs < -OVERDUE_MS ? null : Math.max(0, Math.ceil(leftMs / 1000))
}
