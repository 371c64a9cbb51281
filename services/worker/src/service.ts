import { randomUUID } from 'node:crypto'
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ConsumeTasksOptions, connectBus, type TaskConsumer } from '@kinora/common/bus'
import { media } from '@kinora/common/contracts'
import { type Base, type Lifecycle, startLoop } from '@kinora/common/service'
import { guardedStore, openStore, type Store, StoreCheck, s3Credentials } from '@kinora/common/storage'
import { sourceLimits, threadsPerTask, type WorkerConfig } from './config.ts'
import type { Context } from './context.ts'
import { chooseSandbox } from './infra/choose-sandbox.ts'
import { readFfmpegBuild } from './infra/ffmpeg.ts'
import { PriorityGate } from './infra/priority-gate.ts'
import type { Tools } from './infra/run-tool.ts'
import { createWorkspace, removeWorkspace, sweepWorkspaces } from './infra/workspace.ts'
import { openEngine } from './operations/transcription/open-engine.ts'
import { createTaskMetrics } from './tasks/metrics.ts'
import { createTaskRunner } from './tasks/runner.ts'

const COMPARE_MS = 5000

/** Starts a worker: removes folders of killed workers, connects, and takes tasks until `life` closes. */
export async function startWorker(
  { life, logger, metrics, health }: Base,
  config: WorkerConfig,
  overrides: Partial<Context> = {},
): Promise<Context> {
  const tools = overrides.tools ?? (await openTools(config))
  const { sandbox } = tools
  const sandboxDetail = { sandbox: sandbox.kind, ...(sandbox.missing.length > 0 && { missing: sandbox.missing }) }
  logger[sandbox.kind === 'limits' ? 'warn' : 'info'](
    sandboxDetail,
    `the sandbox of ffmpeg is ${sandbox.kind}: ${sandbox.description}`,
  )
  const engine = overrides.engine ?? (await openEngine(config))
  if (engine) logger.info(`the engine for automatic captions is ${engine.description}`)
  const swept = await sweepWorkspaces(config.WORK_DIR, sandbox.clean)
  if (swept > 0) logger.info({ swept }, 'removed folders of killed workers')
  const store = overrides.store ?? (await openStorage(life, config))
  // Tools in the other container share the disk.
  if (sandbox.kind === 'container') await closeDiskStore(config.STORAGE_URL)

  const bus = life.use(await connectBus(busOptions()), 'bus', (b) => b.drain())
  const storeCheck = new StoreCheck(store, async () => {
    const call = { actor: { kind: 'service', name: 'worker' }, requestId: randomUUID() } as const
    return (await bus.call(media.getStorageStatus, {}, call)).installation
  })
  const context: Context = {
    bus,
    storeCheck,
    tools,
    priorityGate: new PriorityGate(),
    logger,
    limits: sourceLimits(config),
    engine,
    metrics: createTaskMetrics(metrics, sandbox.kind),
    workDir: config.WORK_DIR,
    name: config.WORKER_NAME,
    ...overrides,
    store: guardedStore(store, () => storeCheck.assertUsable()),
  }
  health.add('broker', () => {
    const { connected, reachable, breakers } = bus.status()
    return { ok: connected && reachable, detail: { connected, reachable, breakers } }
  })
  health.add('storage', async () => {
    await store.check()
    const { problem, usable } = storeCheck
    return { ok: usable, ...(problem !== null && { detail: { problem } }) }
  })
  health.add('sandbox', async () => ({ ok: await sandbox.check(), detail: sandboxDetail }))
  await compareStore()
  life.use(startLoop('compare store and installation', COMPARE_MS, compareStore, logger), 'store comparison', (it) =>
    it.stop(),
  )

  const runner = createTaskRunner(context)
  const consumers: TaskConsumer[] = []
  // Together: consumers must not take more tasks while the runner gives its tasks back.
  life.use(runner, 'tasks', (r) => Promise.all([...consumers.map((consumer) => consumer.stop()), r.stop()]))
  const slots = {
    short: config.WORKER_SLOTS_SHORT,
    long: config.WORKER_SLOTS_LONG,
    transcribe: engine ? config.WORKER_SLOTS_TRANSCRIBE : 0,
  }
  const handle: ConsumeTasksOptions['handle'] = (message, { redelivered }) => runner.handle(message, redelivered)
  for (const queue of ['short', 'long', 'transcribe'] as const) {
    if (slots[queue] === 0) continue
    consumers.push(await bus.consumeTasks(queue, { slots: slots[queue], handle }))
  }
  return context

  /** The worker also starts while the store is down. */
  async function compareStore(): Promise<void> {
    await storeCheck.compareWhenDue()
    if (storeCheck.problem !== null) logger.error(storeCheck.problem)
  }

  function busOptions() {
    const breaker = { failures: config.BREAKER_FAILURES, resetMs: config.BREAKER_RESET_MS }
    return { url: config.AMQP_URL, service: 'worker' as const, logger, metrics, breaker }
  }
}

async function openStorage(life: Lifecycle, config: WorkerConfig): Promise<Store> {
  // On a shared disk, sources are read in place.
  if (config.STORAGE_URL.startsWith('file:')) return await openStore(config.STORAGE_URL)
  const dir = life.use(await createWorkspace(config.WORK_DIR), 'fetched sources', removeWorkspace)
  const copies = { dir, maxBytes: config.SOURCE_CACHE_MB * 1024 * 1024 }
  return await openStore(config.STORAGE_URL, { credentials: s3Credentials(config), copies })
}

/** Lets only the services into the folders of a store on disk. */
async function closeDiskStore(url: string): Promise<void> {
  if (!url.startsWith('file:')) return
  for (const folder of ['objects', 'incoming']) await chmod(join(fileURLToPath(url), folder), 0o750)
}

/** ffmpeg, ffprobe and their limits on this machine. */
export async function openTools(config: WorkerConfig): Promise<Tools> {
  const threads = threadsPerTask(config)
  const limits = {
    memoryBytes: config.MAX_MEMORY_MB * 1024 * 1024,
    cpuSeconds: config.MAX_TASK_SECONDS * (threads + 1),
    wallSeconds: config.MAX_TASK_SECONDS,
  }
  const sandbox = await chooseSandbox({ wanted: config.TOOL_SANDBOX, decoderSocket: config.DECODER_SOCKET })
  return {
    ffmpeg: config.FFMPEG_PATH,
    ffprobe: config.FFPROBE_PATH,
    threads,
    preset: config.X264_PRESET,
    limits,
    maxPixels: config.MAX_PIXELS,
    maxStreams: config.MAX_STREAMS,
    sandbox,
    build: await readFfmpegBuild(sandbox, config.FFMPEG_PATH, limits),
  }
}
