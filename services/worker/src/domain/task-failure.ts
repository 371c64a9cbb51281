import { type CodeOf, causeOf, type TaskCause } from '@kinora/common/contracts'

/** An attempt that cannot succeed; its class decides whether media tries again. */
export class TaskFailure extends Error {
  readonly taskCause: TaskCause
  /** For the log of the worker only. */
  readonly diagnosis: string | undefined

  constructor(taskCause: TaskCause, diagnosis?: string) {
    super(taskCause.detail)
    this.name = 'TaskFailure'
    this.taskCause = taskCause
    this.diagnosis = diagnosis
  }
}

/** `detail` is one sentence for the owner of the video: it names no path and quotes no input. */
export function inputFault(code: CodeOf<'input'>, detail?: string, diagnosis?: string): TaskFailure {
  return new TaskFailure(causeOf(code, detail), diagnosis)
}

export function hostFault(code: CodeOf<'host'>, detail?: string, diagnosis?: string): TaskFailure {
  return new TaskFailure(causeOf(code, detail), diagnosis)
}

export function memoryFault(diagnosis?: string): TaskFailure {
  return new TaskFailure(causeOf('OUT_OF_MEMORY'), diagnosis)
}

/** What media is told about anything that was thrown; the unknown is the host's fault and may pass. */
export function toTaskCause(thrown: unknown): TaskCause {
  if (thrown instanceof TaskFailure) return thrown.taskCause
  return causeOf('TRANSCODE_FAILED', 'Something went wrong on our side while working on this video.')
}
