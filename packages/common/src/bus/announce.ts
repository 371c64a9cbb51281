import type { EventEnvelope } from '../contract.ts'
import { AppError } from '../errors.ts'
import type { Bus } from './bus.ts'

/**
 * Publishes an event that only running gateways listen to. Where there is none nobody needs to be told: a gateway that
 * starts later asks for the state it needs.
 */
export async function announce(bus: Bus, envelope: EventEnvelope): Promise<void> {
  try {
    await bus.publish(envelope)
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'NO_RESPONDER')) throw error
  }
}
