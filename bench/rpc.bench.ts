import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type RabbitmqServer, startBacking } from '@kinora/dev/backing'
import { amqpUrlFor, BROKER_USERS, type BrokerUser, derivedPasswords, provisionBroker } from '@kinora/dev/system'
import { median, medianRatio } from './median.ts'
import type { Order, Report } from './rpc-peer.ts'

const CONTENDERS = ['raw', 'bus'] as const
type Contender = (typeof CONTENDERS)[number]
const ROUNDS = 9
const ROUND_MS = 1000
const VHOST = 'bench'

interface Pair {
  client: ChildProcess
  server: ChildProcess
}
interface Sample {
  callsPerSecond: number
  /** Client and server together. */
  cpuUsPerCall: number
}

/** Calls through the bus against the same calls by bare amqplib: interleaved rounds, medians, ratios. */
export async function rpcBench(
  { adminUrl, managementUrl }: RabbitmqServer,
  print: (line: string) => void = console.log,
): Promise<void> {
  const passwords = derivedPasswords(BROKER_USERS, adminUrl)
  await provisionBroker(managementUrl, { vhost: VHOST, passwords })
  const urlOf = (user: BrokerUser) => amqpUrlFor(adminUrl, VHOST, user, passwords)
  const pairs: Record<Contender, Pair> = {
    raw: await startPair('raw', { server: adminUrl, client: adminUrl }),
    bus: await startPair('bus', { server: urlOf('media'), client: urlOf('gateway') }),
  }
  try {
    print('RPC round trips: the bus against bare amqplib')
    print('  at a time   bytes   raw/s   bus/s   ratio (≥ 0.80)   raw µs   bus µs   CPU ratio (≤ 1.25)')
    for (const bytes of [250, 2048]) {
      for (const concurrency of [1, 8, 64]) print(await compare(pairs, { concurrency, bytes, ms: ROUND_MS }))
    }
  } finally {
    for (const { client, server } of Object.values(pairs)) {
      client.disconnect()
      server.disconnect()
    }
  }
}

async function compare(pairs: Record<Contender, Pair>, order: Order): Promise<string> {
  const samples: Record<Contender, Sample[]> = { raw: [], bus: [] }
  for (const contender of CONTENDERS) await measure(pairs[contender], { ...order, ms: ROUND_MS / 2 })
  for (let round = 0; round < ROUNDS; round++) {
    // The contenders take turns to go first, so that neither always runs on a machine heated by the other.
    const turns = round % 2 === 0 ? CONTENDERS : CONTENDERS.toReversed()
    for (const contender of turns) samples[contender].push(await measure(pairs[contender], order))
  }
  const of = (contender: Contender, value: keyof Sample) => median(samples[contender].map((sample) => sample[value]))
  const speed = CONTENDERS.map((contender) => of(contender, 'callsPerSecond').toFixed(0))
  const cost = CONTENDERS.map((contender) => of(contender, 'cpuUsPerCall').toFixed(1))
  const ratio = (value: keyof Sample) =>
    medianRatio(
      samples.bus.map((sample) => sample[value]),
      samples.raw.map((sample) => sample[value]),
    ).toFixed(2)
  const cells = [order.concurrency, order.bytes, ...speed, ratio('callsPerSecond'), ...cost, ratio('cpuUsPerCall')]
  const widths = [11, 8, 8, 8, 17, 9, 9, 21]
  return cells.map((cell, column) => String(cell).padStart(widths[column] ?? 8)).join('')
}

async function measure({ client, server }: Pair, order: Order): Promise<Sample> {
  const served = reportOf(server)
  server.send(order)
  const called = reportOf(client)
  client.send(order)
  const { calls, ms, cpuUs } = await called
  server.send('end')
  return { callsPerSecond: (calls / ms) * 1000, cpuUsPerCall: (cpuUs + (await served).cpuUs) / calls }
}

async function reportOf(child: ChildProcess): Promise<Report> {
  const [report] = (await once(child, 'message')) as [Report]
  return report
}

async function startPair(contender: Contender, urls: { server: string; client: string }): Promise<Pair> {
  const server = await startPeer(contender, 'server', urls.server)
  return { server, client: await startPeer(contender, 'client', urls.client) }
}

async function startPeer(contender: Contender, role: 'client' | 'server', amqpUrl: string): Promise<ChildProcess> {
  const peer = fileURLToPath(new URL(`./rpc-peer${extname(import.meta.url)}`, import.meta.url))
  // The URL contains a password, and arguments are visible to all users of the machine.
  const child = fork(peer, [contender, role], { env: { ...process.env, BENCH_AMQP_URL: amqpUrl } })
  await once(child, 'message')
  return child
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const dir = mkdtempSync(join(tmpdir(), 'kinora-bench-'))
  const backing = await startBacking({ dir, durable: false, log: console.error })
  try {
    await rpcBench(backing.rabbitmq)
  } finally {
    await backing.stop()
    rmSync(dir, { recursive: true, force: true })
  }
}
