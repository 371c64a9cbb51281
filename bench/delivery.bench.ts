import { randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Lifecycle } from '@kinora/common/service'
import { keys, openStore } from '@kinora/common/storage'
import { freePort, startEdge } from '@kinora/dev/backing'
import pg from 'pg'
import { type Account, call } from './client.ts'
import { type GatewaySystem, startGatewaySystem } from './gateway-system.ts'
import { median, medianRatio } from './median.ts'
import { processCpuSeconds } from './process-cpu.ts'

const SEGMENTS = 40
const SEGMENT_BYTES = 1_000_000
const ROUNDS = 7
const REQUESTS = 400
const CONCURRENCY = 16
const SECRET = 'b'.repeat(43)

/**
 * A private video behind the edge: bytes that the origin sends for 1, 10 and 100 viewers with a link each, processor time
 * of edge and gateway by turns with nginx that serves the same file, and the time from a revocation to the refusal.
 */
async function deliveryBench(print: (line: string) => void = console.log): Promise<void> {
  const life = new Lifecycle()
  const edgePort = await freePort()
  const plainPort = await freePort()
  const system = await startGatewaySystem({
    DELIVERY_SECRET: SECRET,
    TRUSTED_PROXIES: '127.0.0.1',
    RATE_LIMIT_PLAYBACK: '100000000/60',
    CONNECTIONS_PER_ADDRESS: '100000',
  })
  life.use(system, 'system', (it) => it.stop())
  try {
    const storageDir = fileURLToPath(system.storageUrl)
    const plainDir = join(system.dir, 'plain')
    mkdirSync(plainDir)
    const edge = await startEdge(
      {
        port: edgePort,
        gatewayPort: Number(new URL(system.url).port),
        secret: SECRET,
        storageDir,
        log: print,
        more: `server { listen 127.0.0.1:${plainPort}; root ${plainDir}; location / { sendfile on; tcp_nopush on; } }`,
      },
      life,
    )
    const workers = workersOf(edge.pid)
    const bench = { ...system, account: await system.signUp() }
    await viewers(print, bench, edge.url, workers)
    await processorTime(print, bench, { edge: edge.url, plain: `http://127.0.0.1:${plainPort}`, plainDir, workers })
    await revocation(print, bench, edge.url)
  } finally {
    await life.close()
  }
}

async function viewers(print: Print, system: Bench, edgeUrl: string, workers: number[]): Promise<void> {
  print(`one private video of ${SEGMENTS} segments of 1 MB, through the edge, a link for each viewer`)
  let single = 0
  for (const count of [1, 10, 100]) {
    const video = await newVideo(system)
    const links: string[] = []
    for (let n = 0; n < count; n++) links.push(await video.link())
    const before = { gateway: processCpuSeconds(system.pids.gateway), edge: cpuOf(workers), sent: bytesSent(system) }
    const tally = { hits: 0, files: 0, bytes: 0 }
    await atOnce(links, CONCURRENCY, (link) => watch(edgeUrl, link, tally))
    const cpu = processCpuSeconds(system.pids.gateway) - before.gateway
    if (count === 1) single = cpu
    const origin = (tally.files - tally.hits) * SEGMENT_BYTES
    print(
      `  ${String(count).padStart(3)} viewers: ${((100 * tally.hits) / tally.files).toFixed(1)} % of bytes from the cache, ` +
        `origin ${(origin / tally.bytes).toFixed(4)} bytes a viewed byte; gateway ${(cpu * 1000).toFixed(0)} ms ` +
        `(${(cpu / single).toFixed(1)} × one viewer), of its own bytes ${((bytesSent(system) - before.sent) / tally.bytes).toFixed(5)} ` +
        `a viewed byte; edge ${((cpuOf(workers) - before.edge) * 1000).toFixed(0)} ms`,
    )
  }
}

async function watch(base: string, link: string, tally: { hits: number; files: number; bytes: number }): Promise<void> {
  await get(`${base}/play/${link}/master.m3u8`)
  const playlist = (await get(`${base}/play/${link}/240p.m3u8`)).body.toString()
  for (const line of playlist.split('\n').filter((text) => text.endsWith('.m4s'))) {
    const { headers, bytes } = await get(new URL(line, `${base}/play/${link}/240p.m3u8`).href)
    tally.files += 1
    tally.bytes += bytes
    if (headers['x-cache'] === 'HIT') tally.hits += 1
  }
}

async function processorTime(
  print: Print,
  system: Bench,
  { edge, plain, plainDir, workers }: { edge: string; plain: string; plainDir: string; workers: number[] },
): Promise<void> {
  const video = await newVideo(system)
  const link = await video.link()
  const master = await get(`${edge}/play/${link}/master.m3u8`)
  const playlist = await get(`${edge}/play/${link}/240p.m3u8`)
  const segment =
    playlist.body
      .toString()
      .split('\n')
      .find((line) => line.endsWith('.m4s')) ?? ''
  writeFileSync(join(plainDir, 'segment'), Buffer.alloc(SEGMENT_BYTES, 7))
  writeFileSync(join(plainDir, 'playlist'), master.body)
  const all = [...workers, system.pids.gateway]
  const contenders = [
    { name: 'segment of 1 MB, nginx with the file', url: `${plain}/segment`, pids: workers },
    { name: 'segment of 1 MB, edge and gateway', url: new URL(segment, `${edge}/play/${link}/x`).href, pids: all },
    { name: `playlist of ${master.body.length} bytes, nginx`, url: `${plain}/playlist`, pids: workers },
    { name: 'the same, edge and gateway', url: `${edge}/play/${link}/master.m3u8`, pids: all },
    { name: 'the same, gateway alone', url: `${system.url}/play/${link}/master.m3u8`, pids: [system.pids.gateway] },
  ]
  const samples = contenders.map(() => [] as number[])
  for (let round = -2; round < ROUNDS; round++) {
    const turns = [...contenders.entries()]
    for (const [index, { url, pids }] of round % 2 === 0 ? turns : turns.toReversed()) {
      const before = cpuOf(pids)
      await atOnce(Array.from({ length: REQUESTS }), CONCURRENCY, () => get(url))
      if (round >= 0) samples[index]?.push(((cpuOf(pids) - before) / REQUESTS) * 1e6)
    }
  }
  print(`processor time a request, medians of ${ROUNDS} rounds by turns`)
  for (const [index, { name }] of contenders.entries()) {
    print(
      `  ${name.padEnd(40)} ${median(samples[index] ?? [])
        .toFixed(0)
        .padStart(5)} µs`,
    )
  }
  const ratio = (ours: number, rival: number) => medianRatio(samples[ours] ?? [], samples[rival] ?? []).toFixed(2)
  print(`  segments: edge and gateway / nginx = ${ratio(1, 0)} (goal ≤ 1.2)`)
}

async function revocation(print: Print, system: Bench, edge: string): Promise<void> {
  const times: { gateway: number[]; edge: number[] } = { gateway: [], edge: [] }
  for (let round = 0; round < ROUNDS; round++) {
    const video = await newVideo(system)
    const link = await video.link()
    const playlist = (await get(`${edge}/play/${link}/240p.m3u8`)).body.toString()
    const line = playlist.split('\n').find((text) => text.endsWith('.m4s')) ?? ''
    const { pathname } = new URL(line, `${edge}/play/${link}/x`)
    await get(edge + pathname)
    const started = performance.now()
    await video.revoke()
    const until = async (base: string) => {
      while ((await get(base + pathname, { 'x-delivery-secret': SECRET })).status === 200);
      return performance.now() - started
    }
    const [atGateway, atEdge] = await Promise.all([until(system.url), until(edge)])
    times.gateway.push(atGateway)
    times.edge.push(atEdge)
  }
  for (const [place, ms] of Object.entries(times)) {
    print(
      `from the request to revoke a delivery to the refusal at the ${place}: ${median(ms).toFixed(0)} ms, at most ${Math.max(...ms).toFixed(0)}`,
    )
  }
}

type Print = (line: string) => void
type Bench = GatewaySystem & { account: Account }

/** A private video that is published, without having been transcoded. */
async function newVideo(system: Bench) {
  const { account } = system
  const { id } = await call<{ id: string }>(account, 'POST', '/v1/videos', { title: 'Delivered' })
  const store = await openStore(system.storageUrl)
  const task = `${randomUUID()}-1`
  const lines = Array.from({ length: SEGMENTS }, (_, n) => `#EXTINF:4.000000,\n${task}/240p/${n}.m4s`)
  for (let n = 0; n < SEGMENTS; n++) {
    await store.put(`${keys.videoFolder(id)}/${task}/240p/${n}.m4s`, Buffer.alloc(SEGMENT_BYTES, n))
  }
  await store.put(keys.playlist(id, '240p.m3u8'), `#EXTM3U\n${lines.join('\n')}\n#EXT-X-ENDLIST\n`)
  await store.put(keys.playlist(id, 'master.m3u8'), MASTER)
  const db = new pg.Client({ connectionString: system.databaseUrl })
  await db.connect()
  try {
    await db.query(
      `update media.videos set playable = true, status = 'ready', material = 1, material_published = 1, upload_id = gen_random_uuid(),
       source_key = $1, plan = $2 where id = $1::uuid`,
      [id, JSON.stringify(PLAN)],
    )
  } finally {
    await db.end()
  }
  return {
    link: async () => (await call<{ token: string }>(account, 'POST', `/v1/videos/${id}/playback-tokens`, {})).token,
    revoke: () => call(account, 'POST', `/v1/videos/${id}/revoke-delivery`),
  }
}

const PLAN = {
  rungs: [{ name: '240p', width: 426, height: 240 }],
  frameCount: SEGMENTS * 100,
  frameRate: { num: 25, den: 1 },
}
/** About a kilobyte, as of a video with a ladder. */
const MASTER = `#EXTM3U\n#EXT-X-VERSION:7\n${Array.from(
  { length: 7 },
  (_, n) =>
    `#EXT-X-STREAM-INF:BANDWIDTH=${900_000 + n},AVERAGE-BANDWIDTH=800000,CODECS="avc1.64001e,mp4a.40.2",RESOLUTION=426x240,AUDIO="audio"\n240p.m3u8`,
).join('\n')}\n`

function workersOf(master: number): number[] {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger)
  return pids.filter((pid) => parentOf(pid) === master)
}

function parentOf(pid: number): number {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
  } catch {
    return Number.NaN
  }
}

function cpuOf(pids: number[]): number {
  return pids.reduce((sum, pid) => sum + processCpuSeconds(pid), 0)
}

/** Bytes that the gateway has written to sockets and files. */
function bytesSent({ pids }: Bench): number {
  return Number(/^wchar: (\d+)/m.exec(readFileSync(`/proc/${pids.gateway}/io`, 'utf8'))?.[1])
}

async function atOnce<T>(items: readonly T[], limit: number, run: (item: T) => Promise<unknown>): Promise<void> {
  const left = items.values()
  await Promise.all(
    Array.from({ length: limit }, async () => {
      for (const item of left) await run(item)
    }),
  )
}

const agent = new Agent({ keepAlive: true, maxSockets: 256 })

async function get(url: string, headers: Record<string, string> = {}) {
  return await new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: Buffer; bytes: number }>(
    (resolve, reject) => {
      const sent = request(url, { agent, headers }, (answer) => {
        const chunks: Buffer[] = []
        let bytes = 0
        answer.on('data', (chunk: Buffer) => {
          bytes += chunk.length
          if (bytes < 100_000) chunks.push(chunk)
        })
        answer.once('error', reject)
        answer.once('end', () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks), bytes }),
        )
      })
      sent.once('error', reject)
      sent.end()
    },
  )
}

await deliveryBench()
