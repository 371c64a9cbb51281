import type { Channel, ConsumeMessage } from 'amqplib'
import type { EventEnvelope, EventType } from '../contract.ts'
import type { Logger } from '../service/telemetry.ts'
import { assertPublisher, byType, readEvent } from './envelope.ts'
import type { Link } from './link.ts'
import type { ManagedChannel } from './managed-channel.ts'
import { EVENTS } from './topology.ts'

/** Hears every event of these types in this process, through a private queue that lives as long as the channel. */
export function createListener(
  link: Link,
  logger: Logger,
  events: EventType[],
  handle: (envelope: EventEnvelope) => void,
  onGap: () => void,
): ManagedChannel<Channel> {
  const types = byType(events)
  let first = true

  function receive(message: ConsumeMessage): void {
    try {
      assertPublisher(message, types)
      handle(readEvent(message, types))
    } catch (error) {
      logger.error({ err: error }, 'a listener failed')
    }
  }

  return link.channel('listener', async (channel) => {
    const { queue } = await channel.assertQueue('', { exclusive: true, durable: false, autoDelete: true })
    for (const type of types.keys()) await channel.bindQueue(queue, EVENTS.name, type)
    await channel.consume(queue, (message) => message && receive(message), { noAck: true, exclusive: true })
    // What was published between the loss of the old queue and these bindings was not heard.
    if (!first) onGap()
    first = false
  })
}
