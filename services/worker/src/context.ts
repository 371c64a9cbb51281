import type { Bus } from '@kinora/common/bus'
import type { Logger } from '@kinora/common/service'
import type { Store, StoreCheck } from '@kinora/common/storage'
import type { SourceLimits } from './domain/source-limits.ts'
import type { PriorityGate } from './infra/priority-gate.ts'
import type { Tools } from './infra/run-tool.ts'
import type { TaskMetrics } from './tasks/metrics.ts'

/** Everything that tasks need from outside. */
export interface Context {
  bus: Bus
  /** Does nothing while it is not known to be the installation's. */
  store: Store
  storeCheck: StoreCheck
  tools: Tools
  priorityGate: PriorityGate
  limits: SourceLimits
  logger: Logger
  metrics: TaskMetrics
  workDir: string
  /** Name of this worker in claims and logs. */
  name: string
}
