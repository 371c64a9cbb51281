import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import { type ChannelModel, connect } from 'amqplib'
import type { Echo } from './rpc-peer.ts'

const QUEUE = 'bench.raw'
const TIMEOUT_MS = 5000

/**
 * The least code for a call with amqplib with what the bus guarantees: deadline, `mandatory`, acknowledgement, senders that the
 * broker vouches for, ids that nobody guesses. Tuned like the bus.
 */
async function open(url: string): Promise<ChannelModel> {
  const model = await connect(url, { noDelay: true })
  const { stream } = model.connection as unknown as { stream: Socket }
  const write = stream.write.bind(stream)
  let corked = false
  stream.write = ((...args: Parameters<typeof write>) => {
    if (!corked) {
      corked = true
      stream.cork()
      process.nextTick(() => {
        corked = false
        stream.uncork()
      })
    }
    return write(...args)
  }) as typeof stream.write
  return model
}

export async function rawServer(url: string): Promise<void> {
  const userId = userOf(url)
  const channel = await (await open(url)).createChannel()
  await channel.assertQueue(QUEUE, { autoDelete: true })
  await channel.prefetch(128)
  await channel.consume(QUEUE, (message) => {
    if (message?.properties.userId !== userId) return
    const { text } = JSON.parse(message.content.toString()) as { text: string }
    const { replyTo, correlationId } = message.properties
    channel.sendToQueue(replyTo, Buffer.from(JSON.stringify({ text })), { correlationId, userId })
    channel.ack(message)
  })
}

export async function rawClient(url: string): Promise<Echo> {
  const userId = userOf(url)
  const channel = await (await open(url)).createChannel()
  const { queue } = await channel.assertQueue('', { exclusive: true, durable: false })
  const pending = new Map<string, { resolve: (text: string) => void; timer: NodeJS.Timeout }>()
  await channel.consume(
    queue,
    (message) => {
      if (message?.properties.userId !== userId) return
      const id: string = message.properties.correlationId
      const call = pending.get(id)
      if (!call) return
      pending.delete(id)
      clearTimeout(call.timer)
      call.resolve((JSON.parse(message.content.toString()) as { text: string }).text)
    },
    { noAck: true },
  )
  return (text) =>
    new Promise((resolve, reject) => {
      const id = randomUUID()
      const timer = setTimeout(() => reject(new Error('timeout')), TIMEOUT_MS)
      pending.set(id, { resolve, timer })
      const properties = { correlationId: id, replyTo: queue, userId, expiration: TIMEOUT_MS, mandatory: true }
      channel.sendToQueue(QUEUE, Buffer.from(JSON.stringify({ text })), properties)
    })
}

function userOf(url: string): string {
  return decodeURIComponent(new URL(url).username)
}
