import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import type { TaskResult, TaskWork } from '@kinora/common/contracts'
import { openStore, type Store } from '@kinora/common/storage'
import { planTasks, planVideo } from '../services/media/src/domain/work-plan.ts'
import { inputLimits, workerConfig } from '../services/worker/src/config.ts'
import { runJob } from '../services/worker/src/jobs/index.ts'
import type { Tools } from '../services/worker/src/media-tools/run-tool.ts'
import { openTools } from '../services/worker/src/service.ts'
import { withWorkspace } from '../services/worker/src/workspace.ts'
import { cpuSeconds } from './cpu-time.ts'
import { type Ladder, runBaseline } from './transcode-baseline.ts'
import { makeClip } from './transcode-clip.ts'

/**
 * Processor seconds of all tasks of a clip, planned as media plans them, over those of one ffmpeg that decodes once and
 * writes the same ladder. The two take turns, so that both see the same machine; the median of the ratios counts.
 *
 *   npx tsx --conditions=development bench/transcode.bench.ts [clip.mp4] [--rounds 3]
 */
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '3' } },
})

const folder = await mkdtemp(join(tmpdir(), 'kinora-bench-'))
try {
  const clip = positionals[0] ?? (await makeClip(folder))
  await compare(clip, Number(values.rounds))
} finally {
  await rm(folder, { recursive: true, force: true })
}

async function compare(clip: string, rounds: number): Promise<void> {
  const config = workerConfig.parse({
    AMQP_URL: 'amqp://unused',
    STORAGE_URL: pathToFileURL(join(folder, 'store')).href,
  })
  const store = await openStore(config.STORAGE_URL)
  const tools = await openTools(config)
  const ratios: number[] = []
  for (let round = 1; round <= rounds; round += 1) {
    const tasks = await runTasks(store, tools, clip, round)
    const baseline = await measured(() => runBaseline(clip, join(folder, `baseline-${round}`), tasks.ladder))
    ratios.push(tasks.total / baseline)
    const parts = tasks.parts.map(({ label, seconds }) => `${label} ${seconds.toFixed(2)}`).join(', ')
    console.log(`round ${round}: tasks ${tasks.total.toFixed(2)} s (${parts}), one ffmpeg ${baseline.toFixed(2)} s`)
  }
  const median = ratios.sort((a, b) => a - b)[Math.floor(ratios.length / 2)] ?? Number.NaN
  console.log(
    `transcode: tasks / one ffmpeg = ${median.toFixed(2)} (processor seconds, median of ${rounds}; goal ≤ 1.15)`,
  )
}

interface TasksRun {
  total: number
  parts: { label: string; seconds: number }[]
  ladder: Ladder
}

async function runTasks(store: Store, tools: Tools, clip: string, round: number): Promise<TasksRun> {
  const sourceKey = `sources/${round}`
  const copy = join(folder, `copy-${round}`)
  await copyFile(clip, copy)
  await store.adopt(copy, sourceKey)
  const parts: TasksRun['parts'] = []
  const run = async (label: string, work: TaskWork) => {
    let result: TaskResult | undefined
    const seconds = await measured(async () => {
      result = await runTask(store, tools, work, `videos/${round}/${parts.length}`)
    })
    parts.push({ label, seconds })
    return result
  }

  const probed = await run('probe', { kind: 'probe', sourceKey })
  if (probed?.kind !== 'probe') throw new Error('the probe gave no facts')
  const plan = planVideo(probed.facts, 1080)
  // The last check needs the playlists that media writes; it reads only headers, and is measured with its own test.
  const tasks = planTasks(plan, probed.facts, sourceKey, `videos/${round}`).filter(
    ({ work }) => work.kind !== 'finalise',
  )
  for (const { label, work } of tasks) await run(label, work)
  const { rungs, gopFrames, segmentSeconds, hasAudio } = plan
  const ladder = { rungs, gopFrames, segmentSeconds, hasAudio, preset: tools.preset, threads: tools.threads }
  return { total: parts.reduce((sum, { seconds }) => sum + seconds, 0), parts, ladder }
}

async function runTask(store: Store, tools: Tools, work: TaskWork, outputKey: string): Promise<TaskResult> {
  const limits = inputLimits(workerConfig.parse({ AMQP_URL: 'amqp://unused', STORAGE_URL: 'file:///unused' }))
  const signal = new AbortController().signal
  return await withWorkspace(join(folder, 'work'), (workspace) =>
    runJob(work, { store, tools, limits, workspace, outputKey, signal, progress: () => {} }),
  )
}

async function measured(work: () => Promise<unknown>): Promise<number> {
  const before = cpuSeconds()
  await work()
  return cpuSeconds() - before
}
