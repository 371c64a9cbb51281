import { readdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { EventData, EventEnvelope } from '@kinora/common/contract'
import type { events, TaskWork } from '@kinora/common/contracts'
import { createLogger, createMetrics, Health, Lifecycle } from '@kinora/common/service'
import { openStore } from '@kinora/common/storage'
import { until, useTestEnvironment } from '@kinora/dev/harness'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { workerConfig } from '../src/config.ts'
import { startWorker } from '../src/service.ts'
import type { HostileFile, Seeds } from './corpus/hostile-file.ts'
import { CORPUS } from './corpus/index.ts'
import { createSeeds } from './corpus/seeds.ts'
import { temporaryFolder } from './support/clips.ts'
import { openMediaStub } from './support/media-stub.ts'
import { processSource, type Worker } from './support/process-source.ts'
import { watchMemory } from './support/watch-memory.ts'

// Hundreds of runs of ffmpeg, on a machine that may be busy with other test files.
vi.setConfig({ testTimeout: 900_000, hookTimeout: 900_000 })
const PATIENCE = { timeoutMs: 800_000 }
const MEMORY_MB = 512
/** Files that are processed at the same time: one more than the worker has slots. */
const AT_ONCE = 6

const world = await useTestEnvironment()
const folder = await temporaryFolder()
const workDir = join(folder, 'work')
const store = await openStore(world.storageUrl)
const media = await openMediaStub(world)
await media.serve()

/** Requests that files made ffmpeg send; must stay empty. */
const calls: string[] = []
const listener = createServer((req, res) => {
  calls.push(req.url ?? '')
  res.end()
})
await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))

const life = new Lifecycle()
const config = workerConfig.parse({
  AMQP_URL: world.amqpUrl('worker'),
  STORAGE_URL: world.storageUrl,
  WORK_DIR: workDir,
  WORKER_SLOTS_LONG: '2',
  WORKER_SLOTS_SHORT: '3',
  WORKER_THREADS: '1',
  X264_PRESET: 'ultrafast',
  MAX_MEMORY_MB: String(MEMORY_MB),
  MAX_TASK_SECONDS: '700',
  BREAKER_FAILURES: '100',
})
const logger = createLogger('worker', 'silent')
await startWorker({ life, logger, metrics: createMetrics('worker'), health: new Health() }, config)
const memory = watchMemory()
afterAll(async () => {
  memory.stop()
  await life.close()
  listener.close()
})

let seeds: Seeds
beforeAll(async () => {
  const url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/secret`
  seeds = await createSeeds(folder, url)
})

type Failed = EventData<(typeof events)['task.failed']>
type Finished = EventData<(typeof events)['task.finished']>

/** Runs a task in the worker; throws the code of the cause when it fails. */
const work = (async (task: TaskWork) => {
  const { taskId } = await media.offer(task.kind === 'video' ? 'long' : 'short', task, { leaseMs: 900_000 })
  const isEnd = ({ type }: EventEnvelope) => type === 'task.finished' || type === 'task.failed'
  const end = await until(() => media.heard(taskId).find(isEnd), PATIENCE)
  if (end.type === 'task.finished') return (end.data as Finished).result
  const { cause } = end.data as Failed
  // The owner reads this, so it must contain neither our paths nor text from the file.
  if (/[/\\]|secret/.test(cause.detail)) throw new Error(`a detail that tells too much: ${cause.detail}`)
  throw new Error(cause.code)
}) as Worker

async function verdictOn({ make }: HostileFile, number: number): Promise<string> {
  const path = join(folder, `${number}.mp4`)
  await make(seeds, path)
  await store.adopt(path, `sources/${number}`)
  return await processSource(work, `sources/${number}`).then(
    () => 'ready',
    (error: Error) => error.message,
  )
}

it('every file of the corpus ends with its verdict and leaves nothing, and the worker does the next good clip', async () => {
  const verdicts: Record<string, string> = {}
  const waiting = [...CORPUS.entries()]
  const processNext = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      verdicts[next[1].name] = await verdictOn(next[1], next[0])
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, processNext))
  expect(verdicts).toEqual(Object.fromEntries(CORPUS.map(({ name, verdict }) => [name, verdict])))

  const good: HostileFile = { name: 'good', verdict: 'ready', make: (s, path) => writeFile(path, s.mp4) }
  expect(await verdictOn(good, CORPUS.length)).toBe('ready')
  expect(await readdir(workDir)).toEqual([])
  expect(calls).toEqual([])
  // Enough to show that memory is measured, and never more than the limit.
  expect(memory.highest()).toBeGreaterThan(1024 * 1024)
  expect(memory.highest()).toBeLessThanOrEqual(MEMORY_MB * 1024 * 1024)
})
