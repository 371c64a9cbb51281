import { type CodeOf, causeOf, type TaskCause } from '@kinora/common/contracts'

/** An attempt that cannot succeed. The class of its cause decides whether media retries the task. */
export class TaskFailure extends Error {
  readonly taskCause: TaskCause
  /** For the worker's own log only. */
  readonly diagnosis: string | undefined

  constructor(taskCause: TaskCause, diagnosis?: string) {
    super(taskCause.detail)
    this.name = 'TaskFailure'
    this.taskCause = taskCause
    this.diagnosis = diagnosis
  }
}

/** `detail` is one sentence for the owner of the video, without paths and without quotes of the input. */
export function inputFault(code: CodeOf<'input'>, detail?: string, diagnosis?: string): TaskFailure {
  return new TaskFailure(causeOf(code, detail), diagnosis)
}

export function hostFault(code: CodeOf<'host'>, detail?: string, diagnosis?: string): TaskFailure {
  return new TaskFailure(causeOf(code, detail), diagnosis)
}

export function memoryFault(diagnosis?: string): TaskFailure {
  return new TaskFailure(causeOf('OUT_OF_MEMORY'), diagnosis)
}

/** The cause that is reported for an error. Unexpected errors count as the host's fault, so that the task is tried again. */
export function toTaskCause(thrown: unknown): TaskCause {
  if (thrown instanceof TaskFailure) return thrown.taskCause
  return causeOf('TRANSCODE_FAILED', 'Something went wrong on our side while working on this video.')
}
