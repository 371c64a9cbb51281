import type { MediaPart, TaskKind, Warning } from '@kinora/common/contracts'
import type { Store } from '@kinora/common/storage'
import type { SourceLimits } from '../domain/source-limits.ts'
import type { ResultOf, WorkOf } from '../domain/task-work.ts'
import type { Tools } from '../infra/run-tool.ts'
import type { TranscriptionEngine } from '../operations/transcription/engine.ts'

/** What every task gets in addition to its work. */
export interface TaskContext {
  store: Store
  tools: Tools
  limits: SourceLimits
  /** Absent where the worker takes no tasks for it. */
  engine?: TranscriptionEngine | undefined
  /** Empty folder of this attempt; removed afterwards. */
  workspace: string
  /** Storage folder that only this attempt writes to. */
  outputKey: string
  signal: AbortSignal
  /** Reports the fraction that is done, 0 to 1. */
  progress(fraction: number): void
  /** Reports segments that are checked and in storage while the task continues; they may be published at once. */
  written(part: MediaPart): void
  /** Reports, if the task succeeds, what it left out. */
  warn(warning: Warning): void
}

/** Turns work into files under `outputKey` and a result; throws `TaskFailure` with the cause. */
export type Task<K extends TaskKind> = (work: WorkOf<K>, context: TaskContext) => Promise<ResultOf<K>>
