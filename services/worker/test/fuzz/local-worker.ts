import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { openStore, type Store } from '@kinora/common/storage'
import { sourceLimits, workerConfig } from '../../src/config.ts'
import { withWorkspace } from '../../src/infra/workspace.ts'
import { openTools } from '../../src/service.ts'
import { runTask } from '../../src/tasks/index.ts'
import type { Worker } from '../support/process-source.ts'

export interface LocalWorker {
  folder: string
  workDir: string
  store: Store
  work: Worker
  memoryBytes: number
  close(): Promise<void>
}

const config = workerConfig.parse({
  AMQP_URL: 'amqp://unused',
  STORAGE_URL: 'file:///unused',
  X264_PRESET: 'ultrafast',
  WORKER_THREADS: '1',
  MAX_MEMORY_MB: '512',
  MAX_TASK_SECONDS: '60',
})

/** Runs tasks in this process, under the limits of a real worker, without a broker. */
export async function openLocalWorker(): Promise<LocalWorker> {
  const folder = await mkdtemp(join(tmpdir(), 'kinora-fuzz-'))
  const workDir = join(folder, 'work')
  const store = await openStore(pathToFileURL(join(folder, 'store')).href)
  const tools = await openTools(config)
  const { signal } = new AbortController()
  const reporting = { progress: () => {}, written: () => {}, warn: () => {} }
  const rest = { store, tools, limits: sourceLimits(config), signal, ...reporting }
  return {
    folder,
    workDir,
    store,
    memoryBytes: tools.limits.memoryBytes,
    work: (task) =>
      withWorkspace(workDir, (workspace) => runTask(task, { ...rest, workspace, outputKey: 'videos/fuzz' })) as never,
    close: () => rm(folder, { recursive: true, force: true }),
  }
}
