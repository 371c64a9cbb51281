import { hostFault, inputFault, memoryFault, type TaskFailure } from '../task-failure.ts'
import type { ToolEnd } from './run-tool.ts'

/**
 * A thread whose stack finds no room is "temporarily unavailable", and an encoder that finds none often says only that it
 * could not be opened; its parameters are ours and do not fail otherwise.
 */
const NO_MEMORY =
  /Cannot allocate memory|malloc of size \d+ failed|get_buffer\(\) failed \(-12|Failed to allocate|Resource temporarily unavailable|Error while opening encoder|std::bad_alloc/
const NO_ROOM = /No space left on device/
const OVER_LIMIT =
  /exceeds specified max pixel count|number of streams exceeds max_streams|Picture size \d+x\d+ is invalid/i
const NOT_ALLOWED =
  /not on whitelist|Decoder \(codec .*\) not found|Decoder not found|Unsupported codec|unsupported channel layout/i
/** Of the machine, its shared disk, or a sandbox that cannot be set up. */
const HOST_TROUBLE =
  /Input\/output error|Stale file handle|Too many open files|No such file|Permission denied|^(?:unshare|prlimit|nice|env): /m
const UNREADABLE =
  /Invalid data found when processing input|moov atom not found|End of file|could not find codec parameters/i

/**
 * Which of the closed set of causes a run's bad end is, told from how it died and what it printed.
 * @param onlyReads the tool writes nothing: when it gives up without a reason of ours, that is the file's fault
 */
export function asTaskFailure(end: ToolEnd, { onlyReads = false } = {}): TaskFailure {
  const told = end.stderr
  if (end.timedOut) return hostFault('TIMED_OUT', undefined, told)
  if (OVER_LIMIT.test(told)) return inputFault('SOURCE_OVER_LIMIT', undefined, told)
  // Nobody but the kernel's out-of-memory killer sends SIGKILL here: our own kills are seen as time-out or abort.
  if (NO_MEMORY.test(told) || end.killedBy === 'SIGKILL') return memoryFault(told)
  if (NO_ROOM.test(told)) return hostFault('TRANSCODE_FAILED', 'A worker ran out of disk space.', told)
  if (NOT_ALLOWED.test(told)) return inputFault('SOURCE_UNSUPPORTED', undefined, told)
  if (end.killedBy === null && UNREADABLE.test(told)) return sourceCorrupt(told)
  if (onlyReads && end.exitCode === 1 && !HOST_TROUBLE.test(told)) return sourceCorrupt(told)
  return hostFault('TRANSCODE_FAILED', undefined, told)
}

export function sourceCorrupt(diagnosis?: string): TaskFailure {
  return inputFault('SOURCE_CORRUPT', undefined, diagnosis)
}
