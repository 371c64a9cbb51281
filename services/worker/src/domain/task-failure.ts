import { type CodeOf, causeOf, type TaskCause } from '@kinora/common/contracts'
import type { ToolEnd } from '../infra/run-tool.ts'

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

function memoryFault(diagnosis?: string): TaskFailure {
  return new TaskFailure(causeOf('OUT_OF_MEMORY'), diagnosis)
}

/** The cause that is reported for an error. Unexpected errors count as the host's fault, so that the task is tried again. */
export function toTaskCause(thrown: unknown): TaskCause {
  if (thrown instanceof TaskFailure) return thrown.taskCause
  return causeOf('TRANSCODE_FAILED', 'Something went wrong on our side while working on this video.')
}

/**
 * Without memory for its stack a thread is "temporarily unavailable", and an encoder often reports only that it could not be
 * opened; the worker's parameters do not make it fail otherwise.
 */
const NO_MEMORY =
  /Cannot allocate memory|malloc of size \d+ failed|get_buffer\(\) failed \(-12|Failed to allocate|Resource temporarily unavailable|Error while opening encoder|std::bad_alloc/
const DISK_FULL = /No space left on device/
const OVER_LIMIT =
  /exceeds specified max pixel count|number of streams exceeds max_streams|Picture size \d+x\d+ is invalid/i
const NOT_ALLOWED =
  /not on whitelist|Decoder \(codec .*\) not found|Decoder not found|Unsupported codec|unsupported channel layout/i
/** Failures of the machine, of its shared disk, or of setting up the sandbox. */
const HOST_TROUBLE =
  /Input\/output error|Stale file handle|Too many open files|No such file|Permission denied|^(?:bwrap|setpriv|unshare|prlimit|nice|env): /m
/** An MP4 whose index was never written, or is missing because the end of the file is. */
const WITHOUT_INDEX = /moov atom not found/
const UNREADABLE =
  /Invalid data found when processing input|moov atom not found|End of file|could not find codec parameters/i

/**
 * The cause of a failed run, from its exit and its output.
 * @param onlyReads the tool writes nothing: a failure without a reason on the worker's side is the fault of the file
 */
export function asTaskFailure(end: ToolEnd, { onlyReads = false } = {}): TaskFailure {
  const printed = end.stderr
  if (end.timedOut) return hostFault('TIMED_OUT', undefined, printed)
  if (end.overOutput) return hostFault('TRANSCODE_FAILED', 'Working on this video wrote more than it may.', printed)
  if (OVER_LIMIT.test(printed)) return inputFault('SOURCE_OVER_LIMIT', undefined, printed)
  // Only the kernel's out-of-memory killer sends SIGKILL here: the worker's own kills are reported as time-out or abort.
  if (NO_MEMORY.test(printed) || end.killedBy === 'SIGKILL') return memoryFault(printed)
  if (DISK_FULL.test(printed)) return hostFault('TRANSCODE_FAILED', 'A worker ran out of disk space.', printed)
  if (WITHOUT_INDEX.test(printed)) return inputFault('SOURCE_CORRUPT', UNFINISHED, printed)
  if (NOT_ALLOWED.test(printed)) return inputFault('SOURCE_UNSUPPORTED', unsupported(printed), printed)
  if (end.killedBy === null && UNREADABLE.test(printed)) return sourceCorrupt(printed)
  if (onlyReads && end.exitCode === 1 && !HOST_TROUBLE.test(printed)) return sourceCorrupt(printed)
  return hostFault('TRANSCODE_FAILED', undefined, printed)
}

const UNFINISHED =
  'The file is an unfinished recording, or its end is missing: it has no index (moov), without which its tracks cannot be found.'

/** Names the codec or the format as ffmpeg does; undefined where it names none. */
function unsupported(printed: string): string | undefined {
  const codec = /Codec \(([\w-]+)\) not on whitelist|Decoder \(codec (\w+)\) not found/.exec(printed)
  const name = codec?.[1] ?? codec?.[2]
  if (name !== undefined) return `The file has a track of the codec ${name}, which is not supported.`
  const format = /\[([\w,]+) @ \w+\] Format not on whitelist/.exec(printed)?.[1]
  return format === undefined ? undefined : `The format of the file (${format}) is not supported.`
}

export function sourceCorrupt(diagnosis?: string): TaskFailure {
  return inputFault('SOURCE_CORRUPT', undefined, diagnosis)
}
