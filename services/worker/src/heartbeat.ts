import type { Bus } from '@kinora/common/bus'
import { type ClaimedTask, events } from '@kinora/common/contracts'
import { leaseOf, taskEvent } from './task-events.ts'

export interface Heartbeat {
  progress(fraction: number): void
  /** When the lease was last known to be renewed, in milliseconds of `performance.now()`. */
  renewedAt(): number
  stop(): void
}

const LONGEST_PAUSE_MS = 1000

/**
 * Says five times a lease, at least every second, that the task is alive and how far it is. The clock drives it, not
 * ffmpeg: a stuck encoder is found by its own time limit. A beat that cannot be sent is skipped.
 */
export function startHeartbeat(bus: Bus, task: ClaimedTask): Heartbeat {
  let fraction = 0
  let renewedAt = performance.now()
  let sending = false
  const beat = async () => {
    if (sending) return
    sending = true
    const sentAt = performance.now()
    try {
      await bus.publish(taskEvent(events['task.progressed'], task, { ...leaseOf(task), fraction }))
      renewedAt = sentAt
    } catch {
      // The next beat is soon.
    } finally {
      sending = false
    }
  }
  const timer = setInterval(() => void beat(), Math.min(LONGEST_PAUSE_MS, task.leaseMs / 5))
  return {
    progress: (reached) => {
      fraction = Math.min(1, Math.max(fraction, reached))
    },
    renewedAt: () => renewedAt,
    stop: () => clearInterval(timer),
  }
}
