import type { ToolEnd } from '../infra/run-tool.ts'
import { hostFault, inputFault, memoryFault, type TaskFailure } from './task-failure.ts'

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
  if (NOT_ALLOWED.test(printed)) return inputFault('SOURCE_UNSUPPORTED', undefined, printed)
  if (end.killedBy === null && UNREADABLE.test(printed)) return sourceCorrupt(printed)
  if (onlyReads && end.exitCode === 1 && !HOST_TROUBLE.test(printed)) return sourceCorrupt(printed)
  return hostFault('TRANSCODE_FAILED', undefined, printed)
}

export function sourceCorrupt(diagnosis?: string): TaskFailure {
  return inputFault('SOURCE_CORRUPT', undefined, diagnosis)
}
