import type { EventEnvelope } from '@kinora/common/contract'
import type { TestEnvironment } from '@kinora/dev/harness'
import { connect } from 'amqplib'

/** Puts a message into media's queue as media does for the last retry. */
export async function deliverForTheLastTime(world: TestEnvironment, message: EventEnvelope | string): Promise<void> {
  const connection = await connect(world.amqpUrl('media'))
  try {
    const channel = await connection.createConfirmChannel()
    const body = Buffer.from(typeof message === 'string' ? message : JSON.stringify(message))
    const about = typeof message === 'string' ? {} : { type: message.type, messageId: message.id }
    channel.publish('events.media', 'again', body, { ...about, userId: 'media', headers: { 'x-attempt': 4 } })
    await channel.waitForConfirms()
  } finally {
    await connection.close()
  }
}
