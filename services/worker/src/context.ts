import type { Bus } from '@kinora/common/bus'
import type { Logger } from '@kinora/common/service'
import type { Store, StoreCheck } from '@kinora/common/storage'
import type { InputLimits } from './config.ts'
import type { Precedence } from './media-tools/precedence.ts'
import type { Tools } from './media-tools/run-tool.ts'
import type { TaskMetrics } from './task-metrics.ts'

/** All that the worker's parts need from outside. */
export interface Context {
  bus: Bus
  /** Does nothing while it is not known to be the installation's. */
  store: Store
  storeCheck: StoreCheck
  tools: Tools
  precedence: Precedence
  limits: InputLimits
  logger: Logger
  metrics: TaskMetrics
  workDir: string
  /** How this worker is named in claims and logs. */
  name: string
}
