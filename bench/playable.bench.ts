import { createReadStream, mkdtempSync, rmSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Lifecycle } from '@kinora/common/service'
import { openInstallation, type System, startSystem } from '@kinora/dev/system'
import { median, medianRatio } from './median.ts'
import { RIVALS, type Rival, timeToPlay } from './playable-baseline.ts'
import { makeFilm } from './playable-clip.ts'

const ROUNDS = 3
const MINUTES = [1, 10, 60]
const MEBIBYTE = 1024 * 1024
const UNLIMITED = '100000000/60'

/**
 * How long after the last byte of an upload a 1080p video can be played, through the running system with one idle worker,
 * beside what one would have without it: the same file, already on disk, given to ffmpeg at that moment. Taking turns.
 *
 *   npx tsx --conditions=development bench/playable.bench.ts [minutes …]      (after npm run build)
 */
export async function playableBench(minutes = MINUTES, print: (line: string) => void = console.log): Promise<void> {
  const life = new Lifecycle()
  const dir = life.use(mkdtempSync(join(tmpdir(), 'kinora-bench-')), 'folder', (it) =>
    rmSync(it, { recursive: true, force: true }),
  )
  try {
    const silent = { line: () => {}, update: () => {}, step: <T>(_what: string, run: () => Promise<T>) => run() }
    const { installation, keys } = await openInstallation(dir, life, silent)
    const env = {
      MAX_UPLOAD_BYTES: `${16 * 1024 * MEBIBYTE}`,
      RATE_LIMIT_USER: UNLIMITED,
      RATE_LIMIT_UPLOAD: UNLIMITED,
    }
    const system = await startSystem({ installation, keys, dir, env, log: print })
    life.use(system, 'system', (it) => it.stop())
    const token = await signUp(system.gatewayUrl)
    print('seconds from the last byte of a 1080p upload to playable, one idle worker')
    for (const length of minutes)
      await compare({ system, token, dir, film: await makeFilm(dir, length), length, print })
  } finally {
    await life.close()
  }
}

interface Bench {
  system: System
  token: string
  dir: string
  film: string
  /** Minutes. */
  length: number
  print: (line: string) => void
}

async function compare({ system, token, dir, film, length, print }: Bench): Promise<void> {
  const ours: number[] = []
  const theirs = new Map<Rival, number[]>(RIVALS.filter(({ upTo }) => length <= upTo).map((rival) => [rival, []]))
  for (let round = 0; round < ROUNDS; round += 1) {
    ours.push(await uploadUntilPlayable(system.gatewayUrl, token, film))
    // What is left of it would be in the way of the next one.
    await system.kill('worker-1', 'SIGTERM')
    for (const [rival, seconds] of theirs) {
      if (seconds.length < rival.rounds) seconds.push(await timeToPlay(rival, film, join(dir, `rival-${round}`)))
    }
    await system.start('worker-1')
  }
  print(`  ${String(length).padStart(2)} min: Kinora ${inSeconds(median(ours))} (${ours.map(inSeconds).join(', ')})`)
  for (const [{ name }, seconds] of theirs) {
    const ratio = medianRatio(ours, seconds.length === 1 ? ours.map(() => seconds[0] ?? Number.NaN) : seconds)
    print(`          ${name} ${inSeconds(median(seconds))}, ratio ${ratio.toFixed(3)}`)
  }
}

/** Seconds from the moment at which the last byte was sent. */
async function uploadUntilPlayable(url: string, token: string, film: string): Promise<number> {
  const { id } = await call<{ id: string }>(url, token, 'POST', '/v1/videos', { title: 'A film' })
  const sentAt = await send(`${url}/v1/videos/${id}/source`, token, film)
  for (;;) {
    const { playable, playback } = await call<Video>(url, token, 'GET', `/v1/videos/${id}`)
    if (playable && playback && (await fetch(playback.hlsUrl)).ok) break
    await sleep(10)
  }
  const seconds = (performance.now() - sentAt) / 1000
  await call(url, token, 'DELETE', `/v1/videos/${id}`)
  return seconds
}

interface Video {
  playable: boolean
  playback: { hlsUrl: string } | null
}

/** Resolves when the upload is answered, with the time at which its last byte had been handed to the kernel. */
async function send(url: string, token: string, file: string): Promise<number> {
  const { size } = await stat(file)
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'video/mp4', 'content-length': size }
  return await new Promise((resolve, reject) => {
    let sentAt = Number.NaN
    const sending = request(url, { method: 'PUT', headers }, (answer) => {
      answer
        .resume()
        .once('end', () =>
          answer.statusCode === 202
            ? resolve(sentAt)
            : reject(new Error(`the upload was answered ${answer.statusCode}`)),
        )
    })
    sending.once('finish', () => {
      sentAt = performance.now()
    })
    sending.once('error', reject)
    createReadStream(file, { highWaterMark: MEBIBYTE }).pipe(sending)
  })
}

async function signUp(url: string): Promise<string> {
  const body = { email: `bench-${Date.now()}@kinora.test`, password: 'correct horse battery' }
  const { accessToken } = await call<{ accessToken: string }>(url, null, 'POST', '/v1/auth/register', body)
  return accessToken
}

async function call<T>(url: string, token: string | null, method: string, path: string, body?: object): Promise<T> {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) }
  const answer = await fetch(url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) })
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${await answer.text()}`)
  return (answer.status === 204 ? undefined : await answer.json()) as T
}

function inSeconds(seconds: number): string {
  return `${seconds.toFixed(1)} s`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const asked = process.argv.slice(2).map(Number)
  await playableBench(asked.length > 0 ? asked : undefined)
}
