import type { Bus } from '@kinora/common/bus'
import { type ClaimedTask, events, type MediaPart, type ToolRuns } from '@kinora/common/contracts'
import { joinParts } from '../domain/task-work.ts'
import { leaseOf, taskEvent } from './task-events.ts'

export interface Heartbeat {
  progress(fraction: number): void
  /** Reports segments with the next beat; the first of a task at once, because a viewer may wait for it. */
  written(part: MediaPart): void
  /** When the lease was last known to be renewed, in milliseconds of `performance.now()`. */
  renewedAt(): number
  stop(): void
}

/** A progress bar gains nothing from more frequent beats, and each beat costs media, the broker and the database work. */
const MAX_INTERVAL_MS = 2000

/**
 * Reports five times per lease, and at least every two seconds, that the task is alive, its progress and its new segments. The
 * clock drives it, not ffmpeg: a stuck encoder is stopped by its own time limit. A beat that cannot be sent is skipped; its
 * segments are reported again, unchanged, because they may have arrived or not.
 */
export function startHeartbeat(bus: Bus, task: ClaimedTask, tools: ToolRuns): Heartbeat {
  let fraction = 0
  let renewedAt = performance.now()
  let sending: Promise<void> | undefined
  let isFirst = true
  let fresh: MediaPart | undefined
  let pending: { written: MediaPart; tools?: ToolRuns } | undefined
  let runsReported = 0

  async function send(): Promise<void> {
    const sentAt = performance.now()
    pending ??= takeFresh()
    try {
      const data = { ...leaseOf(task), fraction, ...pending }
      await bus.publish(taskEvent(events['task.progressed'], task, data))
      renewedAt = sentAt
      pending = undefined
    } catch {
      // The next beat is soon.
    }
  }

  /** The new segments, and all tool runs so far if there are new ones. */
  function takeFresh(): typeof pending {
    if (fresh === undefined) return undefined
    const report = { written: fresh, ...(tools.commands.length > runsReported && { tools }) }
    fresh = undefined
    runsReported = tools.commands.length
    return report
  }

  function beat(): void {
    sending ??= send().finally(() => {
      sending = undefined
    })
  }

  const timer = setInterval(beat, Math.min(MAX_INTERVAL_MS, task.leaseMs / 5))
  return {
    progress: (reached) => {
      fraction = Math.min(1, Math.max(fraction, reached))
    },
    written: (part) => {
      fresh = joinParts(fresh, part)
      if (isFirst) void (sending ?? Promise.resolve()).then(beat)
      isFirst = false
    },
    renewedAt: () => renewedAt,
    stop: () => clearInterval(timer),
  }
}
