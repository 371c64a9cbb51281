import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bus } from '@kinora/common/bus'
import type { EventData, EventEnvelope, EventType } from '@kinora/common/contract'
import type { ClaimedTask } from '@kinora/common/contracts'

/** The fields of every event of a task that media compares with the lease. */
export function leaseOf({ taskId, attempt, leaseToken }: ClaimedTask) {
  return { taskId, attempt, leaseToken }
}

/** An event of one attempt. Its sequence number is a time: attempts of a task do not share a counter. */
export function taskEvent<E extends EventType>(event: E, task: ClaimedTask, data: EventData<E>): EventEnvelope<E> {
  return {
    id: randomUUID(),
    type: event.type,
    version: event.version,
    occurredAt: new Date().toISOString(),
    aggregateId: task.taskId,
    sequence: Date.now(),
    data,
  }
}

const PAUSE_MS = 250

/**
 * Publishes the outcome of an attempt, repeatedly while the broker is unreachable. Returns false when the lease ended more
 * than one lease ago: by then the task belongs to another attempt, and media would ignore the outcome.
 */
export async function publishOutcome(
  bus: Bus,
  outcome: EventEnvelope,
  lease: { renewedAt(): number; leaseMs: number; signal: AbortSignal },
): Promise<boolean> {
  while (!lease.signal.aborted) {
    try {
      await bus.publish(outcome)
      return true
    } catch {
      if (performance.now() > lease.renewedAt() + 2 * lease.leaseMs) return false
      await sleep(PAUSE_MS)
    }
  }
  return false
}
