import { randomUUID } from 'node:crypto'
import type { EventData, EventEnvelope, EventType } from '@kinora/common/contract'
import type { ClaimedTask } from '@kinora/common/contracts'

/** What every event of a task carries; media compares it with the lease. */
export function leaseOf({ taskId, attempt, leaseToken }: ClaimedTask) {
  return { taskId, attempt, leaseToken }
}

/** Events of one attempt, numbered by when they were made: attempts of a task do not share a counter. */
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
