import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync } from 'node:fs'
import { request as send } from 'node:http'
import { extname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { startGatewaySystem } from './gateway-system.ts'
import { median } from './median.ts'
import { residentBytes } from './process-cpu.ts'

const MEBIBYTE = 1024 * 1024
const BYTES = 1024 * MEBIBYTE
const ROUNDS = 4

/**
 * An upload of 1 GiB through the gateway against bare node:http that also hashes and flushes, on the same disk, taking
 * turns; and how much the gateway's memory grows meanwhile.
 *
 *   npx tsx --conditions=development bench/upload.bench.ts      (after npm run build)
 */
export async function uploadBench(print: (line: string) => void = console.log): Promise<void> {
  const system = await startGatewaySystem()
  const folder = join(system.dir, 'bare')
  mkdirSync(folder)
  const program = fileURLToPath(new URL(`./upload-baseline${extname(import.meta.url)}`, import.meta.url))
  const bare = fork(program, { env: { ...process.env, BENCH_FOLDER: folder } })
  try {
    const [port] = (await once(bare, 'message')) as [number]
    const { token } = await system.signUp()
    const headers = { authorization: `Bearer ${token}` }
    const rates = { bare: [] as number[], gateway: [] as number[] }
    let grown = 0
    const bareUpload = async (bytes: number) => {
      const rate = await upload(`http://127.0.0.1:${port}/`, bytes, {})
      rmSync(folder, { recursive: true })
      mkdirSync(folder)
      return rate
    }
    const gatewayUpload = async (bytes: number) => {
      const url = `${system.url}/v1/videos/${await createVideo(system.url, headers)}`
      const memory = watchMemory(system.pids.gateway)
      const rate = await upload(`${url}/source`, bytes, { ...headers, 'content-type': 'video/mp4' })
      grown = Math.max(grown, memory.stop())
      await fetch(url, { method: 'DELETE', headers })
      return rate
    }
    await bareUpload(BYTES / 8)
    await gatewayUpload(BYTES / 8)
    grown = 0
    for (let round = 0; round < ROUNDS; round++) {
      // The second one finds the disk busier, so they take turns to go first.
      if (round % 2 === 0) rates.bare.push(await bareUpload(BYTES))
      rates.gateway.push(await gatewayUpload(BYTES))
      if (round % 2 === 1) rates.bare.push(await bareUpload(BYTES))
    }
    const [base, ours] = [median(rates.bare), median(rates.gateway)]
    print(`upload of 1 GiB: bare ${base.toFixed(0)} MiB/s, gateway ${ours.toFixed(0)} MiB/s`)
    print(
      `  ratio ${(ours / base).toFixed(2)} (goal ≥ 0.8); gateway grows by ${(grown / MEBIBYTE).toFixed(0)} MiB (goal < 64)`,
    )
  } finally {
    bare.disconnect()
    await system.stop()
  }
}

/** MiB/s. */
async function upload(url: string, bytes: number, headers: Record<string, string>): Promise<number> {
  const started = performance.now()
  const sent = send(url, { method: 'PUT', headers: { ...headers, 'content-length': String(bytes) } })
  const answered = once(sent, 'response')
  await pipeline(Readable.from(chunks(bytes)), sent)
  const [answer] = await answered
  answer.resume()
  await once(answer, 'end')
  if (answer.statusCode >= 300) throw new Error(`${url} answered ${answer.statusCode}`)
  return bytes / MEBIBYTE / ((performance.now() - started) / 1000)
}

function* chunks(bytes: number): Generator<Buffer> {
  const chunk = Buffer.alloc(256 * 1024, 'kinora')
  for (let left = bytes; left > 0; left -= chunk.length) yield left < chunk.length ? chunk.subarray(0, left) : chunk
}

async function createVideo(url: string, headers: Record<string, string>): Promise<string> {
  const answer = await fetch(`${url}/v1/videos`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ title: 'Upload' }),
  })
  return ((await answer.json()) as { id: string }).id
}

/** The largest growth of a process's memory in bytes while it is watched. */
function watchMemory(pid: number): { stop(): number } {
  const before = residentBytes(pid)
  let most = before
  const timer = setInterval(() => {
    most = Math.max(most, residentBytes(pid))
  }, 20)
  return {
    stop() {
      clearInterval(timer)
      return most - before
    },
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await uploadBench()
