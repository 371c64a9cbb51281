import type { VideoStatus } from '@kinora/common/contracts'

/** Work that was done, in the weights of tasks, and the seconds that it took one task after the other. */
export interface Measured {
  weight: number
  seconds: number
}

/** What is known about when a video will be ready. */
export interface Outlook {
  /** Of this video's own tasks, those that run included. */
  own: Measured
  /** Of other videos' tasks that ended lately. */
  recent: Measured
  /** The weights that are left of this video's tasks. */
  remaining: readonly number[]
  /** Weight of other videos' tasks that go first, or run; 0 where no task of this video waits for its turn. */
  ahead: number
  /** Tasks that the workers seem to do at the same time. */
  lanes: number
}

/** Less than this says more about the start of a program than about its speed. */
const TRUSTED_SECONDS = 2
/** An estimate that has passed for longer than this was wrong. */
const OVERDUE_MS = 5000

/**
 * Seconds until all of it is done; null where no speed is known. Each lane is as fast as the tasks that were measured. What is
 * ahead and what is left is shared by all lanes, but no task is done by two, so the largest alone is a lower bound.
 */
export function secondsLeft({ own, recent, remaining, ahead, lanes }: Outlook): number | null {
  const speed = speedOf(own, recent)
  if (speed === null) return null
  const left = remaining.reduce((sum, weight) => sum + weight, 0)
  const shared = (ahead + left) / Math.max(1, lanes)
  return Math.max(shared, ...remaining) / speed
}

/** A second's weight of one task: this video's own, once there is enough of it. */
function speedOf(own: Measured, recent: Measured): number | null {
  const known = [own.seconds >= TRUSTED_SECONDS ? own : null, recent, own]
  const best = known.find((measured) => measured && measured.weight > 0 && measured.seconds > 0)
  return best ? best.weight / best.seconds : null
}

/** What is left at `now` of an estimate, in whole seconds; 0 when the video is ready, null when nothing is known. */
export function etaSeconds(status: VideoStatus, finishEstimate: Date | null, now: Date): number | null {
  if (status === 'ready') return 0
  if (finishEstimate === null) return null
  const leftMs = finishEstimate.getTime() - now.getTime()
  return leftMs < -OVERDUE_MS ? null : Math.max(0, Math.ceil(leftMs / 1000))
}
