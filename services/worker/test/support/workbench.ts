import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { MediaPart, TaskKind, Warning } from '@kinora/common/contracts'
import { openStore, type Store } from '@kinora/common/storage'
import { sourceLimits, workerConfig } from '../../src/config.ts'
import type { ResultOf, WorkOf } from '../../src/domain/task-work.ts'
import type { Tools } from '../../src/infra/run-tool.ts'
import { withWorkspace } from '../../src/infra/workspace.ts'
import type { TranscriptionEngine } from '../../src/operations/transcription/engine.ts'
import { openTools } from '../../src/service.ts'
import { runTask } from '../../src/tasks/index.ts'
import { temporaryFolder } from './clips.ts'

const config = workerConfig.parse({
  AMQP_URL: 'amqp://unused',
  STORAGE_URL: 'file:///unused',
  X264_PRESET: 'ultrafast',
  MAX_TASK_SECONDS: '60',
})

/** Runs tasks on a disk store, without bus and media. */
export interface Workbench {
  folder: string
  store: Store
  tools: Tools
  /** The path of an object on disk. */
  pathOf(key: string): string
  /** Puts a file into the store as a source; returns its key. */
  addSource(path: string): Promise<string>
  run<K extends WorkOf<TaskKind>>(work: K, options?: RunOptions): Promise<ResultOf<K['kind']>>
  probe(path: string): Promise<Probed>
}

type Probed = Omit<ResultOf<'probe'>, 'kind'> & { sourceKey: string; warnings: Warning[] }

interface RunOptions {
  outputKey?: string
  signal?: AbortSignal
  tools?: Partial<Tools>
  engine?: TranscriptionEngine | undefined
  progress?: (fraction: number) => void
  written?: (part: MediaPart) => void
  /** Receives the warnings of the task. */
  warnings?: Warning[]
}

export async function openWorkbench(): Promise<Workbench> {
  const folder = await temporaryFolder()
  const store = await openStore(pathToFileURL(join(folder, 'store')).href)
  const tools = await openTools(config)
  let sources = 0

  const workbench: Workbench = {
    folder,
    store,
    tools,
    pathOf: (key) => join(folder, 'store', 'objects', key),
    async addSource(path) {
      sources += 1
      const key = `sources/${sources}`
      const copy = join(folder, `copy-${sources}`)
      await copyFile(path, copy)
      await store.adopt(copy, key)
      return key
    },
    async run(
      work,
      {
        outputKey = 'videos/test',
        signal,
        tools: changed,
        engine,
        progress = () => {},
        written = () => {},
        warnings = [],
      } = {},
    ) {
      const result = await withWorkspace(join(folder, 'work'), (workspace) =>
        runTask(work, {
          store,
          tools: { ...tools, ...changed },
          limits: sourceLimits(config),
          engine,
          workspace,
          outputKey,
          signal: signal ?? new AbortController().signal,
          progress,
          written,
          warn: (warning) => void warnings.push(warning),
        }),
      )
      return result as ResultOf<(typeof work)['kind']>
    },
    async probe(path) {
      const sourceKey = await workbench.addSource(path)
      const warnings: Warning[] = []
      const { kind: _, ...found } = await workbench.run({ kind: 'probe', sourceKey }, { warnings })
      return { sourceKey, ...found, warnings }
    },
  }
  return workbench
}
