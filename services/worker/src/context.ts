import type { Bus } from '@kinora/common/bus'
import type { Logger } from '@kinora/common/service'
import type { Store, StoreCheck } from '@kinora/common/storage'
import type { SourceLimits } from './domain/source-limits.ts'
import type { PriorityGate } from './infra/priority-gate.ts'
import type { Tools } from './infra/run-tool.ts'
import type { TranscriptionEngine } from './operations/transcription/engine.ts'
import type { TaskMetrics } from './tasks/metrics.ts'

/** The dependencies of tasks. */
export interface Context {
  bus: Bus
  /** Refuses all operations until it is known to be the installation's store. */
  store: Store
  storeCheck: StoreCheck
  tools: Tools
  priorityGate: PriorityGate
  limits: SourceLimits
  /** Makes automatic captions; undefined where the settings name none. */
  engine: TranscriptionEngine | undefined
  logger: Logger
  metrics: TaskMetrics
  workDir: string
  /** Name of this worker in claims and logs. */
  name: string
}
