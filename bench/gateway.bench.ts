import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request as send } from 'node:http'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type GatewaySystem, startGatewaySystem } from './gateway-system.ts'
import { median, medianRatio } from './median.ts'
import { processCpuSeconds, processesIn } from './process-cpu.ts'

/** V8 optimises during the first few thousand requests. */
const WARM_UP_ROUNDS = 4
const ROUNDS = 11
const ROUND_MS = 1000
const CONCURRENCY = 64

interface Contender {
  name: string
  url: string
  /** The processes whose processor time is measured. */
  pids: number[]
}

/**
 * Signed-in GETs of different videos: gateway, RPC over the broker, media, PostgreSQL, against one Express process that does the
 * same token check and query itself. Interleaved rounds, medians; processor time of all our processes and the broker.
 *
 *   npx tsx --conditions=development bench/gateway.bench.ts      (after npm run build)
 */
export async function gatewayBench(print: (line: string) => void = console.log): Promise<void> {
  const system = await startGatewaySystem()
  const baselines: ChildProcess[] = []
  try {
    const { token, userId } = await system.signUp()
    const paths: string[] = []
    for (let n = 0; n < CONCURRENCY; n++) paths.push(`/v1/videos/${await createVideo(system.url, token)}`)
    const plain = await startBaseline(system, token, baselines, {})
    const caching = await startBaseline(system, token, baselines, { BENCH_CACHE_TOKENS: '1' })
    const { gateway, auth, media } = system.pids
    const broker = processesIn(system.dir, 'beam.smp')
    const contenders = [plain, caching, { name: 'gateway', url: system.url, pids: [gateway, auth, media, ...broker] }]
    print(`signed-in GET of a video, ${CONCURRENCY} at a time (user ${userId.slice(0, 8)}), CPU a request`)
    const results = await compare(contenders, paths, token)
    for (const { name, us, perSecond } of results)
      print(`  ${name.padEnd(34)} ${us.toFixed(0).padStart(5)} µs  ${perSecond.toFixed(0)}/s`)
    const [first, second, ours] = results.map(({ rounds }) => rounds)
    print(
      `  gateway / Express = ${ratio(ours, first)} (goal ≤ 1.6); / Express that keeps token checks = ${ratio(ours, second)}`,
    )
    const parts = await split(system, paths, token, { gateway: [gateway], media: [media], broker })
    print(`  of which ${parts}`)
  } finally {
    for (const child of baselines) child.disconnect()
    await system.stop()
  }
}

async function compare(contenders: Contender[], paths: string[], token: string) {
  const samples = contenders.map(() => ({ us: [] as number[], perSecond: [] as number[] }))
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
    // The contenders take turns to go first, as in the other benches.
    const turns = [...contenders.entries()]
    for (const [index, contender] of round % 2 === 0 ? turns : turns.toReversed()) {
      const { us, perSecond } = await measure(contender, paths, token)
      if (round < 0) continue
      samples[index]?.us.push(us)
      samples[index]?.perSecond.push(perSecond)
    }
  }
  return contenders.map(({ name }, index) => ({
    name,
    rounds: samples[index]?.us ?? [],
    us: median(samples[index]?.us ?? []),
    perSecond: median(samples[index]?.perSecond ?? []),
  }))
}

async function measure({ url, pids }: Contender, paths: string[], token: string) {
  const before = sumCpu(pids)
  const started = performance.now()
  const count = await load(url, paths, token)
  const seconds = (performance.now() - started) / 1000
  return { us: ((sumCpu(pids) - before) / count) * 1e6, perSecond: count / seconds }
}

async function split(system: GatewaySystem, paths: string[], token: string, groups: Record<string, number[]>) {
  const before = Object.values(groups).map(sumCpu)
  const count = await load(system.url, paths, token)
  return Object.entries(groups)
    .map(([name, pids], index) => `${name} ${(((sumCpu(pids) - (before[index] ?? 0)) / count) * 1e6).toFixed(0)} µs`)
    .join(', ')
}

/** Requests all paths at the same time, each repeatedly for one round; returns the number of requests. */
async function load(url: string, paths: string[], token: string): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY })
  const until = performance.now() + ROUND_MS
  let count = 0
  const one = async (path: string) => {
    while (performance.now() < until) {
      await get(url + path, token, agent)
      count++
    }
  }
  await Promise.all(paths.map(one))
  agent.destroy()
  return count
}

function get(url: string, token: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = send(url, { agent, headers: { authorization: `Bearer ${token}` } }, (answer) => {
      if (answer.statusCode !== 200) reject(new Error(`${url} answered ${answer.statusCode}`))
      answer.resume().once('end', resolve)
    })
    sent.once('error', reject).end()
  })
}

async function createVideo(url: string, token: string): Promise<string> {
  const answer = await fetch(`${url}/v1/videos`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ title: 'A video to look at', tags: ['bench'] }),
  })
  return ((await answer.json()) as { id: string }).id
}

async function startBaseline(
  system: GatewaySystem,
  token: string,
  started: ChildProcess[],
  env: Record<string, string>,
): Promise<Contender> {
  const { keys } = (await (await fetch(`${system.url}/.well-known/jwks.json`)).json()) as { keys: { kid: string }[] }
  const { kid } = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString())
  const program = fileURLToPath(new URL(`./gateway-baseline${extname(import.meta.url)}`, import.meta.url))
  const settings = {
    BENCH_DATABASE_URL: system.databaseUrl,
    BENCH_JWK: JSON.stringify(keys.find((key) => key.kid === kid)),
    BENCH_ISSUER: system.issuer,
  }
  const child = fork(program, { env: { ...process.env, NODE_ENV: 'production', ...settings, ...env } })
  started.push(child)
  const [port] = (await once(child, 'message')) as [number]
  const name = env.BENCH_CACHE_TOKENS ? 'Express, keeping token checks' : 'Express'
  return { name, url: `http://127.0.0.1:${port}`, pids: [child.pid ?? 0] }
}

function sumCpu(pids: number[]): number {
  return pids.reduce((sum, pid) => sum + processCpuSeconds(pid), 0)
}

function ratio(ours: number[] = [], theirs: number[] = []): string {
  return medianRatio(ours, theirs).toFixed(2)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await gatewayBench()
