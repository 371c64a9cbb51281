import type { MediaPart, TaskKind, TaskResult, TaskWork } from '@kinora/common/contracts'
import type { Store } from '@kinora/common/storage'
import type { InputLimits } from '../config.ts'
import type { Tools } from '../media-tools/run-tool.ts'

/** What every job is given beside its work. */
export interface JobContext {
  store: Store
  tools: Tools
  limits: InputLimits
  /** Empty folder of this attempt; removed afterwards. */
  workspace: string
  /** Storage folder that this attempt alone writes. */
  outputKey: string
  signal: AbortSignal
  /** How far it is, 0 to 1. */
  progress(fraction: number): void
  /** Hands in segments that are checked and in storage while the job goes on; they may be published at once. */
  written(part: MediaPart): void
}

export type WorkOf<K extends TaskKind> = Extract<TaskWork, { kind: K }>
export type ResultOf<K extends TaskKind> = Extract<TaskResult, { kind: K }>
/** Turns work into files under `outputKey` and a result; throws `TaskFailure` with the cause. */
export type Job<K extends TaskKind> = (work: WorkOf<K>, job: JobContext) => Promise<ResultOf<K>>
