import type { Socket } from 'node:net'
import { type ChannelModel, connect } from 'amqplib'
import type { Echo } from './rpc-peer.ts'

const QUEUE = 'bench.raw'
const TIMEOUT_MS = 5000

/** The least code for a call with amqplib with deadline, `mandatory` and acknowledgement, tuned like the bus. */
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
  const channel = await (await open(url)).createChannel()
  await channel.assertQueue(QUEUE, { autoDelete: true })
  await channel.prefetch(128)
  await channel.consume(QUEUE, (message) => {
    if (!message) return
    const { text } = JSON.parse(message.content.toString()) as { text: string }
    const { replyTo, correlationId } = message.properties
    channel.sendToQueue(replyTo, Buffer.from(JSON.stringify({ text })), { correlationId })
    channel.ack(message)
  })
}

export async function rawClient(url: string): Promise<Echo> {
  const channel = await (await open(url)).createChannel()
  const { queue } = await channel.assertQueue('', { exclusive: true, durable: false })
  const pending = new Map<string, { resolve: (text: string) => void; timer: NodeJS.Timeout }>()
  await channel.consume(
    queue,
    (message) => {
      if (!message) return
      const id: string = message.properties.correlationId
      const call = pending.get(id)
      if (!call) return
      pending.delete(id)
      clearTimeout(call.timer)
      call.resolve((JSON.parse(message.content.toString()) as { text: string }).text)
    },
    { noAck: true },
  )
  let sequence = 0
  return (text) =>
    new Promise((resolve, reject) => {
      const id = String(sequence++)
      const timer = setTimeout(() => reject(new Error('timeout')), TIMEOUT_MS)
      pending.set(id, { resolve, timer })
      const properties = { correlationId: id, replyTo: queue, expiration: TIMEOUT_MS, mandatory: true }
      channel.sendToQueue(QUEUE, Buffer.from(JSON.stringify({ text })), properties)
    })
}
