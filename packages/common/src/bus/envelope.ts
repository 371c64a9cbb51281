import { z } from 'zod'
import type { EventEnvelope, EventType } from '../contract.ts'
import { AppError } from '../errors.ts'
import type { Bus } from './bus.ts'

const Envelope = z.object({
  id: z.uuid(),
  type: z.string(),
  version: z.number().int(),
  occurredAt: z.string(),
  aggregateId: z.string(),
  sequence: z.number(),
  data: z.unknown(),
  traceparent: z.string().optional(),
})

/**
 * Reads an event of one of `types`; its data is parsed by the type's schema, which drops fields added by a newer sender.
 * Throws `VALIDATION_FAILED` for anything else.
 */
export function decodeEnvelope(content: Buffer, types: ReadonlyMap<string, EventType>): EventEnvelope {
  try {
    const envelope = Envelope.parse(JSON.parse(content.toString()))
    const type = types.get(envelope.type)
    if (!type) throw new Error(`nobody here knows the event ${envelope.type}`)
    return { ...envelope, data: type.data.parse(envelope.data) } as EventEnvelope
  } catch (error) {
    throw new AppError('VALIDATION_FAILED', { detail: 'The message is not an event that is known here', cause: error })
  }
}

export function byType(events: EventType[]): ReadonlyMap<string, EventType> {
  return new Map(events.map((event) => [event.type, event]))
}

/**
 * Publishes an event that is no loss where nobody listens: a gateway that starts later asks for the state it needs, and
 * what must arrive is said again until it is answered.
 */
export async function publishIfHeard(bus: Bus, envelope: EventEnvelope): Promise<void> {
  try {
    await bus.publish(envelope)
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'NO_RESPONDER')) throw error
  }
}
