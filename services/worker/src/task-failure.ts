import type { TaskCause } from '@kinora/common/contracts'

/** Codes of a failed attempt; the video's owner sees code and detail, so details name no path and quote no input. */
export type FailureCode =
  | 'SOURCE_CORRUPT'
  | 'SOURCE_UNSUPPORTED'
  | 'SOURCE_OVER_LIMIT'
  | 'NO_VIDEO_STREAM'
  | 'OUT_OF_MEMORY'
  | 'TRANSCODE_FAILED'
  | 'VERIFICATION_FAILED'
  | 'TIMED_OUT'

/** An attempt that cannot succeed; its class decides whether media tries again. */
export class TaskFailure extends Error {
  readonly taskCause: TaskCause
  /** For the log of the worker only. */
  readonly diagnosis: string | undefined

  constructor(taskCause: TaskCause & { code: FailureCode }, diagnosis?: string) {
    super(taskCause.detail)
    this.name = 'TaskFailure'
    this.taskCause = taskCause
    this.diagnosis = diagnosis
  }
}

export function inputFault(code: FailureCode, detail: string, diagnosis?: string): TaskFailure {
  return new TaskFailure({ class: 'input', code, detail }, diagnosis)
}

export function hostFault(code: FailureCode, detail: string, diagnosis?: string): TaskFailure {
  return new TaskFailure({ class: 'host', code, detail }, diagnosis)
}

export function memoryFault(diagnosis?: string): TaskFailure {
  const detail = 'Working on this video needs more memory than a worker may use.'
  return new TaskFailure({ class: 'memory', code: 'OUT_OF_MEMORY', detail }, diagnosis)
}

/** What media is told about anything that was thrown; the unknown is the host's fault and may pass. */
export function toTaskCause(thrown: unknown): TaskCause {
  if (thrown instanceof TaskFailure) return thrown.taskCause
  return {
    class: 'host',
    code: 'TRANSCODE_FAILED',
    detail: 'Something went wrong on our side while working on this video.',
  }
}
