import type { EventEnvelope } from '@kinora/common/contract'
import type { TestEnvironment } from '@kinora/dev/harness'
import { connect } from 'amqplib'

/** Puts a message into media's queue as the broker does after the last of its pauses: it is tried once more. */
export async function deliverForTheLastTime(world: TestEnvironment, message: EventEnvelope | string): Promise<void> {
  const connection = await connect(world.adminAmqpUrl)
  try {
    const channel = await connection.createConfirmChannel()
    const body = Buffer.from(typeof message === 'string' ? message : JSON.stringify(message))
    const about = typeof message === 'string' ? {} : { type: message.type, messageId: message.id }
    channel.publish('events.media', 'again', body, { ...about, headers: { 'x-attempt': 4 } })
    await channel.waitForConfirms()
  } finally {
    await connection.close()
  }
}
