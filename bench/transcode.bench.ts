import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { SourceFacts } from '@kinora/common/contracts'
import { planVideo } from '@kinora/media/work-plan'
import { type Account, call, sendSource } from './client.ts'
import { startGatewaySystem } from './gateway-system.ts'
import { medianRatio } from './median.ts'
import { familyCpuSeconds } from './process-cpu.ts'
import { type Ladder, runBaseline } from './transcode-baseline.ts'
import { createClip } from './transcode-clip.ts'

const ROUNDS = 3
const ENCODER = { preset: 'veryfast', threads: 2 }
const LARGEST = 1080
const SETTINGS = {
  X264_PRESET: ENCODER.preset,
  WORKER_THREADS: String(ENCODER.threads),
  MAX_RENDITION: String(LARGEST),
  // Because the rival encodes everything.
  REMUX: 'false',
  // What runs behind bubblewrap is not on the account of its worker.
  TOOL_SANDBOX: 'none',
}

/**
 * Processor seconds of a worker and its child processes, from the upload of a clip until its last task is done, divided by those
 * of one ffmpeg that decodes once and writes the same ladder. Interleaved, so that both run under the same load.
 *
 *   npx tsx --conditions=development bench/transcode.bench.ts [clip.mp4]      (after npm run build)
 */
export async function transcodeBench(clip?: string, print: (line: string) => void = console.log): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'kinora-bench-'))
  const system = await startGatewaySystem(SETTINGS)
  try {
    print('transcode: all tasks of a clip against one ffmpeg for the same ladder, processor seconds')
    const worker = await system.startWorker()
    await compare(await system.signUp(), worker, clip ?? (await createClip(folder)), folder, print)
  } finally {
    await system.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

async function compare(
  account: Account,
  worker: number,
  clip: string,
  folder: string,
  print: (line: string) => void,
): Promise<void> {
  const seconds = { tasks: [] as number[], ffmpeg: [] as number[] }
  for (let round = 1; round <= ROUNDS; round += 1) {
    let id = ''
    const tasks = await measured(worker, async () => {
      id = await transcode(account, clip)
    })
    const ladder = await ladderOf(account, id)
    const ffmpeg = await measured(process.pid, () => runBaseline(clip, join(folder, `baseline-${round}`), ladder))
    seconds.tasks.push(tasks)
    seconds.ffmpeg.push(ffmpeg)
    const rungs = ladder.rungs.map(({ name }) => name).join(' ')
    print(`  round ${round}: tasks ${tasks.toFixed(2)} s, one ffmpeg ${ffmpeg.toFixed(2)} s (${rungs})`)
  }
  print(`  ratio ${medianRatio(seconds.tasks, seconds.ffmpeg).toFixed(2)} (≤ 1.15)`)
}

/** Resolves with the id of the video when all its tasks are done. */
async function transcode(account: Account, clip: string): Promise<string> {
  const { id } = await call<{ id: string }>(account, 'POST', '/v1/videos', { title: 'A clip' })
  await sendSource(account, id, clip)
  for (;;) {
    const { status } = await call<{ status: string }>(account, 'GET', `/v1/videos/${id}`)
    const { items } = await call<{ items: { state: string }[] }>(account, 'GET', `/v1/videos/${id}/timeline`)
    if (status === 'failed') throw new Error('the clip could not be transcoded')
    if (status === 'ready' && items.every(({ state }) => state === 'done')) return id
    await sleep(100)
  }
}

async function ladderOf(account: Account, id: string): Promise<Ladder> {
  const { facts } = await call<{ facts: SourceFacts }>(account, 'GET', `/v1/videos/${id}/passport`)
  const { rungs, gopFrames, segmentSeconds, hasAudio } = planVideo(facts, LARGEST)
  return { rungs, gopFrames, segmentSeconds, hasAudio, ...ENCODER }
}

/** Processor seconds of a process and its ended children during `work`. */
async function measured(pid: number, work: () => Promise<void>): Promise<number> {
  const before = familyCpuSeconds(pid)
  await work()
  return familyCpuSeconds(pid) - before
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await transcodeBench(process.argv[2])
