import type { ConsumeMessage } from 'amqplib'
import { z } from 'zod'
import type { EventEnvelope, EventType } from '../contract.ts'
import { AppError } from '../errors.ts'
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
  return parseData(parseEnvelope(content), types)
}

function parseEnvelope(content: Buffer): z.output<typeof Envelope> {
  try {
    return Envelope.parse(JSON.parse(content.toString()))
  } catch (error) {
    throw unreadable(error)
  }
}

function parseData(envelope: z.output<typeof Envelope>, types: ReadonlyMap<string, EventType>): EventEnvelope {
  const type = types.get(envelope.type)
  if (!type) throw unreadable(new Error(`nobody here knows the event ${envelope.type}`))
  const { data, error } = type.data.safeParse(envelope.data)
  if (error) throw unreadable(error)
  return { ...envelope, data } as EventEnvelope
}

function unreadable(cause: unknown): AppError {
  return new AppError('VALIDATION_FAILED', { detail: 'The message is not an event that is known here', cause })
}

/** A message that its sender must not publish. It is dropped: sent again from the dead letters, it would come from us. */
export class ForgedEventError extends Error {}

/**
 * Throws `ForgedEventError` for a message that did not come from the publisher of its event. The broker verifies `user_id`
 * (https://www.rabbitmq.com/docs/validated-user-id), but it does not ask who bound an exchange to `events`. `ours` is what
 * this consumer group sends back to itself.
 */
export function assertPublisher(
  { fields: { exchange, routingKey }, properties: { userId, type } }: ConsumeMessage,
  types: ReadonlyMap<string, EventType>,
  ours?: { exchange: string; user: string },
): void {
  if (ours !== undefined && exchange === ours.exchange && userId === ours.user) return
  const publisher = types.get(routingKey)?.publisher
  const allowed = exchange === EVENTS.name && type === routingKey && (publisher === undefined || userId === publisher)
  if (!allowed) throw new ForgedEventError(`${userId} must not publish ${type} as ${routingKey}`)
}

/** Reads the event of a message whose publisher is verified; its body must be of the type that the message says. */
export function readEvent(message: ConsumeMessage, types: ReadonlyMap<string, EventType>): EventEnvelope {
  const { type } = message.properties
  const envelope = parseEnvelope(message.content)
  if (envelope.type !== type) throw new ForgedEventError(`The body of ${type} is a ${envelope.type}`)
  return parseData(envelope, types)
}

export function byType(events: EventType[]): ReadonlyMap<string, EventType> {
  return new Map(events.map((event) => [event.type, event]))
}
