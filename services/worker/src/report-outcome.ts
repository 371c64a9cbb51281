import { setTimeout as sleep } from 'node:timers/promises'
import type { Bus } from '@kinora/common/bus'
import type { EventEnvelope } from '@kinora/common/contract'

const PAUSE_MS = 250

/**
 * Publishes how an attempt ended, again and again while the broker is away. Gives false when the lease has run out a
 * lease ago: by then the task belongs to another attempt, and nobody would listen.
 */
export async function reportOutcome(
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
