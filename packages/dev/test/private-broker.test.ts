import { privateBroker, until } from '@kinora/dev/harness'
import { connect } from 'amqplib'
import { beforeEach, expect, test } from 'vitest'

const broker = await privateBroker()

beforeEach(async () => {
  await publish('keep', 'x')
})

async function publish(queue: string, text: string): Promise<void> {
  const connection = await connect(broker.adminAmqpUrl)
  const channel = await connection.createConfirmChannel()
  await channel.assertQueue(queue, { durable: true })
  await channel.purgeQueue(queue)
  channel.sendToQueue(queue, Buffer.from(text), { persistent: true })
  await channel.waitForConfirms()
  await connection.close()
}

async function take(queue: string): Promise<string> {
  const connection = await connect(broker.adminAmqpUrl)
  try {
    const channel = await connection.createChannel()
    const message = await until(() => channel.get(queue))
    channel.ack(message)
    return message.content.toString()
  } finally {
    await connection.close()
  }
}

test('a killed broker comes back on the same port with its durable queue', async () => {
  await broker.control.kill()
  await expect(connect(broker.adminAmqpUrl)).rejects.toThrow('ECONNREFUSED')
  await broker.control.start()
  expect(await take('keep')).toBe('x')
})

test('a stopped broker comes back as well', async () => {
  await broker.control.stop()
  await broker.control.start()
  expect(await take('keep')).toBe('x')
})

test('a paused broker answers nothing, and goes on where it was', async () => {
  await broker.control.pause()
  await expect(connect(broker.adminAmqpUrl, { timeout: 300 })).rejects.toThrow('ETIMEDOUT')
  await broker.control.resume()
  expect(await take('keep')).toBe('x')
})
