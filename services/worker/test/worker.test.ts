import { mkdir, readdir, rename } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TaskWork } from '@kinora/common/contracts'
import { createLogger, createMetrics, Health, Lifecycle } from '@kinora/common/service'
import { openStore } from '@kinora/common/storage'
import { until, useTestEnvironment } from '@kinora/dev/harness'
import { afterEach, expect, it, vi } from 'vitest'
import { workerConfig } from '../src/config.ts'
import { openBubblewrap } from '../src/infra/bubblewrap.ts'
import { startWorker } from '../src/service.ts'
import { createClip, H264, temporaryFolder, testVideo } from './support/clips.ts'
import { openMediaStub } from './support/media-stub.ts'

// Real encodes, on a machine that may be busy with other test files.
vi.setConfig({ testTimeout: 120_000 })
const PATIENCE = { timeoutMs: 60_000 }

const world = await useTestEnvironment()
const folder = await temporaryFolder()
const workDir = join(folder, 'work')
const store = await openStore(world.storageUrl)
const media = await openMediaStub(world)

const workers: Lifecycle[] = []
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.close()
})

async function startOne(name = 'one', health = new Health(), metrics = createMetrics('worker')): Promise<Lifecycle> {
  const life = new Lifecycle()
  workers.push(life)
  const config = workerConfig.parse({
    AMQP_URL: world.amqpUrl('worker'),
    STORAGE_URL: world.storageUrl,
    WORK_DIR: workDir,
    WORKER_NAME: name,
    WORKER_SLOTS_LONG: '1',
    X264_PRESET: 'ultrafast',
    BREAKER_FAILURES: '100',
  })
  const base = {
    life,
    logger: createLogger('worker', 'silent'),
    metrics,
    health,
  }
  await startWorker(base, config)
  return life
}

async function addSource(key: string, ...args: string[]): Promise<string> {
  await store.adopt(await createClip(folder, `${key}.mp4`, ...args), `sources/${key}`)
  return `sources/${key}`
}

const typesOf = (taskId: string) => media.heard(taskId).map(({ type }) => type)

/** A task of half a minute or more. */
async function longWork(): Promise<TaskWork> {
  const sourceKey = await addSource('long', ...testVideo(120, { size: '640x360' }), ...H264)
  const video = {
    ...{ streamIndex: 0, codec: 'h264', pixelFormat: 'yuv420p', width: 640, height: 360, startTime: 0 },
    ...{ frameRate: { num: 25, den: 1 }, resample: false, frameCount: 3000, interlaced: false, hdr: false },
  }
  const rungs = [360, 300, 240].map((height) => ({
    name: `${height}p`,
    width: 640,
    height,
    maxrate: 800,
    firstSegment: 0,
  }))
  const chunk = { startFrame: 0, frameCount: 3000, firstSegment: 0 }
  const facts = { container: 'mov', durationSeconds: 120, video, audio: null }
  return { kind: 'video', sourceKey, facts, rungs, gopFrames: 50, segmentFrames: 150, chunk }
}

it('retries later while media is unreachable, then claims, works, and reports the result', async () => {
  await startOne()
  const sourceKey = await addSource('plain', ...testVideo(1), ...H264)
  const task = await media.offer('short', { kind: 'probe', sourceKey })
  await media.serve()
  await until(() => typesOf(task.taskId).includes('task.finished'), PATIENCE)
  const finished = media.heard(task.taskId).find(({ type }) => type === 'task.finished')
  expect(finished?.data).toMatchObject({
    attempt: 1,
    leaseToken: task.leaseToken,
    result: { kind: 'probe', facts: { video: { frameCount: 25 } } },
    tools: {
      ffmpeg: { version: expect.stringMatching(/^ffmpeg version /), configurationSha256: expect.any(String) },
      commands: [expect.arrayContaining(['ffprobe', 'file:source'])],
    },
  })
  expect(media.claims[0]).toMatchObject({ taskId: task.taskId, worker: 'one' })
  expect(await readdir(workDir)).toEqual([])
})

it('says in its readiness and in a metric what stands between ffmpeg and itself', async () => {
  const [health, metrics] = [new Health(), createMetrics('worker')]
  await startOne('one', health, metrics)
  const kind = (await openBubblewrap())?.kind ?? 'limits'
  expect((await health.report()).checks.sandbox).toMatchObject({ ok: true, detail: { sandbox: kind } })
  expect(await metrics.metrics()).toMatch(new RegExp(`^kinora_worker_sandbox\\{kind="${kind}".*\\} 1$`, 'm'))
})

it('reports nothing about a task that is gone, and continues', async () => {
  await startOne()
  await media.offerGone('short')
  const task = await media.offer('short', { kind: 'probe', sourceKey: 'sources/plain' })
  await until(() => typesOf(task.taskId).includes('task.finished'), PATIENCE)
})

it('asks again as the holder when it does not know whether its claim was granted', async () => {
  await startOne()
  media.loseAnswers = 1
  const task = await media.offer('short', { kind: 'probe', sourceKey: 'sources/plain' })
  await until(() => typesOf(task.taskId).includes('task.finished'), PATIENCE)
  const claims = media.claims.filter(({ taskId }) => taskId === task.taskId)
  expect(claims.map(({ redelivered }) => redelivered)).toEqual([false, true])
})

it('reports why a source cannot be used', async () => {
  await startOne()
  await store.put('sources/noise', 'this is no video')
  const task = await media.offer('short', { kind: 'probe', sourceKey: 'sources/noise' })
  await until(() => typesOf(task.taskId).includes('task.failed'), PATIENCE)
  expect(media.heard(task.taskId).at(-1)?.data).toMatchObject({
    cause: { class: 'input', code: 'SOURCE_CORRUPT' },
    log: expect.stringMatching(/^\$ ffprobe .*Invalid data found.*\nended with \d+\n$/s),
  })
  expect(JSON.stringify(media.heard(task.taskId))).not.toContain(folder)
})

it('waits for storage that is away, and gives the task back then, with nothing counted against it', async () => {
  await startOne()
  const mounted = fileURLToPath(world.storageUrl)
  await rename(mounted, `${mounted}-away`)
  const task = await media.offer('short', { kind: 'probe', sourceKey: 'sources/plain' })
  // The worker has found the store empty, and still holds the task.
  await until(() => typesOf(task.taskId).includes('task.progressed'), PATIENCE)
  expect(media.released).not.toContain(task.taskId)
  await rename(`${mounted}-away`, mounted)
  await until(() => media.released.includes(task.taskId), PATIENCE)
  expect(typesOf(task.taskId)).not.toContain('task.failed')
})

it('reports its progress; when it is stopped it gives the task back', async () => {
  const work = await longWork()
  const life = await startOne()
  const task = await media.offer('long', work, { leaseMs: 1000 })
  await until(() => media.progressOf(task.taskId).some((fraction) => fraction > 0), PATIENCE)
  await life.close()
  expect(media.released).toContain(task.taskId)
  expect(typesOf(task.taskId)).not.toContain('task.finished')
  expect(typesOf(task.taskId)).not.toContain('task.failed')
  expect(await readdir(workDir)).toEqual([])
})

it('removes what a dead worker left, and nothing of a living one', async () => {
  const dead = `${hostname()}@${2 ** 22 + 1}-1-abcdef`
  await mkdir(join(workDir, dead), { recursive: true })
  await mkdir(join(workDir, 'not-ours'), { recursive: true })
  await startOne()
  expect(await readdir(workDir)).toEqual(['not-ours'])
})
