import { busClient, busServer } from './rpc-bus.ts'
import { rawClient, rawServer } from './rpc-raw.ts'

/** One side of one contender, in its own process: `rpc-peer <raw|bus> <client|server>`, controlled by IPC. */

export type Echo = (text: string) => Promise<string>
export interface Order {
  concurrency: number
  bytes: number
  ms: number
}
/** `cpuUs` counts since the last report; only the client reports `calls` and `ms`. */
export interface Report {
  calls: number
  ms: number
  cpuUs: number
}

async function run(echo: Echo, { concurrency, bytes, ms }: Order): Promise<{ calls: number; ms: number }> {
  const text = 'x'.repeat(bytes)
  const startedAt = performance.now()
  const until = startedAt + ms
  let calls = 0
  const lane = async () => {
    while (performance.now() < until) {
      const answer = await echo(text)
      if (answer.length !== bytes) throw new Error('wrong answer')
      calls++
    }
  }
  await Promise.all(Array.from({ length: concurrency }, lane))
  return { calls, ms: performance.now() - startedAt }
}

const [contender, role] = process.argv.slice(2)
const url = process.env.BENCH_AMQP_URL ?? ''
let echo: Echo | undefined
if (role === 'server') await (contender === 'raw' ? rawServer(url) : busServer(url))
else echo = await (contender === 'raw' ? rawClient(url) : busClient(url))

let before = process.cpuUsage()

function report(done: { calls: number; ms: number }): void {
  const { user, system } = process.cpuUsage(before)
  process.send?.({ ...done, cpuUs: user + system } satisfies Report)
}

process.on('message', async (order: Order | 'end') => {
  if (order === 'end') return report({ calls: 0, ms: 0 })
  before = process.cpuUsage()
  // A server only counts until the round ends.
  if (echo) report(await run(echo, order))
})
process.on('disconnect', () => process.exit())
process.send?.('ready')
