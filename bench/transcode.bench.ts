import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { TaskResult, TaskWork } from '@kinora/common/contracts'
import { openStore, type Store } from '@kinora/common/storage'
import { planTasks, planVideo } from '@kinora/media/work-plan'
import { inputLimits, workerConfig } from '@kinora/worker/config'
import { runJob } from '@kinora/worker/jobs'
import { openTools } from '@kinora/worker/service'
import { withWorkspace } from '@kinora/worker/workspace'
import { cpuSeconds } from './cpu-time.ts'
import { type Ladder, runBaseline } from './transcode-baseline.ts'
import { makeClip } from './transcode-clip.ts'

type Tools = Awaited<ReturnType<typeof openTools>>
const ROUNDS = 3
const config = workerConfig.parse({ AMQP_URL: 'amqp://unused', STORAGE_URL: 'file:///unused' })

/**
 * Processor seconds of all tasks of a clip, planned as media plans them, over those of one ffmpeg that decodes once and
 * writes the same ladder. The two take turns, so that both see the same machine; the median of the ratios counts.
 *
 *   npx tsx --conditions=development bench/transcode.bench.ts [clip.mp4]
 */
export async function transcodeBench(clip?: string, print: (line: string) => void = console.log): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'kinora-bench-'))
  try {
    print('transcode: all tasks of a clip against one ffmpeg for the same ladder, processor seconds')
    await compare(folder, clip ?? (await makeClip(folder)), print)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function compare(folder: string, clip: string, print: (line: string) => void): Promise<void> {
  const bench = {
    folder,
    store: await openStore(pathToFileURL(join(folder, 'store')).href),
    tools: await openTools(config),
  }
  const ratios: number[] = []
  for (let round = 1; round <= ROUNDS; round += 1) {
    const tasks = await runTasks(bench, clip, round)
    const baseline = await measured(() => runBaseline(clip, join(folder, `baseline-${round}`), tasks.ladder))
    ratios.push(tasks.total / baseline)
    const parts = tasks.parts.map(({ label, seconds }) => `${label} ${seconds.toFixed(2)}`).join(', ')
    print(`  round ${round}: tasks ${tasks.total.toFixed(2)} s (${parts}), one ffmpeg ${baseline.toFixed(2)} s`)
  }
  const median = ratios.sort((a, b) => a - b)[Math.floor(ratios.length / 2)] ?? Number.NaN
  print(`  ratio ${median.toFixed(2)} (≤ 1.15)`)
}

interface Bench {
  folder: string
  store: Store
  tools: Tools
}

interface TasksRun {
  total: number
  parts: { label: string; seconds: number }[]
  ladder: Ladder
}

async function runTasks(bench: Bench, clip: string, round: number): Promise<TasksRun> {
  const { folder, store, tools } = bench
  const sourceKey = `sources/${round}`
  const copy = join(folder, `copy-${round}`)
  await copyFile(clip, copy)
  await store.adopt(copy, sourceKey)
  const parts: TasksRun['parts'] = []
  const run = async (label: string, work: TaskWork) => {
    let result: TaskResult | undefined
    const seconds = await measured(async () => {
      result = await runTask(bench, work, `videos/${round}/${parts.length}`)
    })
    parts.push({ label, seconds })
    return result
  }

  const probed = await run('probe', { kind: 'probe', sourceKey })
  if (probed?.kind !== 'probe') throw new Error('the probe gave no facts')
  const plan = planVideo(probed.facts, 1080)
  // The last check needs the playlists that media writes; what it costs stands in docs/decisions/0027-passports.md.
  const tasks = planTasks(plan, probed.facts, sourceKey, `videos/${round}`, null).filter(
    ({ work }) => work.kind !== 'finalise',
  )
  for (const { label, work } of tasks) await run(label, work)
  const { rungs, gopFrames, segmentSeconds, hasAudio } = plan
  const ladder = { rungs, gopFrames, segmentSeconds, hasAudio, preset: tools.preset, threads: tools.threads }
  return { total: parts.reduce((sum, { seconds }) => sum + seconds, 0), parts, ladder }
}

async function runTask(bench: Bench, work: TaskWork, outputKey: string): Promise<TaskResult> {
  const { folder, store, tools } = bench
  const limits = inputLimits(config)
  const signal = new AbortController().signal
  return await withWorkspace(join(folder, 'work'), (workspace) =>
    runJob(work, { store, tools, limits, workspace, outputKey, signal, progress: () => {}, written: () => {} }),
  )
}

async function measured(work: () => Promise<unknown>): Promise<number> {
  const before = cpuSeconds()
  await work()
  return cpuSeconds() - before
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await transcodeBench(process.argv[2])
