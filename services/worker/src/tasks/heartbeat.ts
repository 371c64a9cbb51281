import type { Bus } from '@kinora/common/bus'
import { type ClaimedTask, events, type MediaPart, type ToolRuns } from '@kinora/common/contracts'
import { joinParts } from './join-parts.ts'
import { leaseOf, taskEvent } from './task-events.ts'

export interface Heartbeat {
  progress(fraction: number): void
  /** Told with the next beat; the first of a task at once, because somebody waits for it. */
  written(part: MediaPart): void
  /** When the lease was last known to be renewed, in milliseconds of `performance.now()`. */
  renewedAt(): number
  stop(): void
}

/** Nobody sees more of a bar that moves more often, and each beat costs media, the broker and the database some work. */
const LONGEST_PAUSE_MS = 2000

/**
 * Says five times a lease, at least every two seconds, that the task is alive, how far it is, and which segments are new. The
 * clock drives it, not ffmpeg: a stuck encoder is found by its own time limit. A beat that cannot be sent is skipped; its
 * segments are told again, exactly as they were, because nobody knows whether they arrived.
 */
export function startHeartbeat(bus: Bus, task: ClaimedTask, tools: ToolRuns): Heartbeat {
  let fraction = 0
  let renewedAt = performance.now()
  let sending: Promise<void> | undefined
  let isFirst = true
  let fresh: MediaPart | undefined
  let telling: { written: MediaPart; tools?: ToolRuns } | undefined
  let runsTold = 0

  async function send(): Promise<void> {
    const sentAt = performance.now()
    telling ??= takeFresh()
    try {
      const data = { ...leaseOf(task), fraction, ...telling }
      await bus.publish(taskEvent(events['task.progressed'], task, data))
      renewedAt = sentAt
      telling = undefined
    } catch {
      // The next beat is soon.
    }
  }

  /** The segments that are new, and with them all runs so far if there were more. */
  function takeFresh(): typeof telling {
    if (fresh === undefined) return undefined
    const told = { written: fresh, ...(tools.commands.length > runsTold && { tools }) }
    fresh = undefined
    runsTold = tools.commands.length
    return told
  }

  function beat(): void {
    sending ??= send().finally(() => {
      sending = undefined
    })
  }

  const timer = setInterval(beat, Math.min(LONGEST_PAUSE_MS, task.leaseMs / 5))
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
