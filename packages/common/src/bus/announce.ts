import type { EventEnvelope } from '../contract.ts'
import { AppError } from '../errors.ts'
import type { Bus } from './bus.ts'

/**
 * Publishes an event that is no loss where nobody listens: a gateway that starts later asks for the state it needs, and
 * what must arrive is said again until it is answered.
 */
export async function announce(bus: Bus, envelope: EventEnvelope): Promise<void> {
  try {
    await bus.publish(envelope)
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'NO_RESPONDER')) throw error
  }
}
