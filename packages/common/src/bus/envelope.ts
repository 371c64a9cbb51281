import type { ConsumeMessage } from 'amqplib'
import { z } from 'zod'
import type { EventEnvelope, EventType } from '../contract.ts'
import { AppError } from '../errors.ts'
import type { Bus } from './bus.ts'
import { EVENTS } from './topology.ts'

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

/**
 * Reads an event that came from its publisher. Throws `FORBIDDEN` when it did not: the broker verifies `user_id`
 * (https://www.rabbitmq.com/docs/validated-user-id), but it does not ask who bound an exchange to `events`, nor whether
 * routing key, message type and body name the same event. `ours` is what this consumer group sends back to itself.
 */
export function receiveEvent(
  message: ConsumeMessage,
  types: ReadonlyMap<string, EventType>,
  ours?: { exchange: string; user: string },
): EventEnvelope {
  const { exchange, routingKey } = message.fields
  const { userId, type } = message.properties
  const isOurs = ours !== undefined && exchange === ours.exchange && userId === ours.user
  if (!isOurs) {
    const publisher = types.get(routingKey)?.publisher
    const allowed = exchange === EVENTS.name && type === routingKey && (publisher === undefined || userId === publisher)
    if (!allowed) throw new AppError('FORBIDDEN', { detail: `${userId} must not publish ${type} as ${routingKey}` })
  }
  const envelope = decodeEnvelope(message.content, types)
  if (envelope.type !== type) {
    throw new AppError('FORBIDDEN', { detail: `The body of ${type} is a ${envelope.type}` })
  }
  return envelope
}

export function byType(events: EventType[]): ReadonlyMap<string, EventType> {
  return new Map(events.map((event) => [event.type, event]))
}

/**
 * Publishes an event that may be lost where nobody listens: a gateway that starts later asks for the state it needs, and
 * what must arrive is published again until it is answered.
 */
export async function publishIfHeard(bus: Bus, envelope: EventEnvelope): Promise<void> {
  try {
    await bus.publish(envelope)
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'NO_RESPONDER')) throw error
  }
}
