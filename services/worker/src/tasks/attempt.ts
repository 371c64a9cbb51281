import { setTimeout as sleep } from 'node:timers/promises'
import type { TaskOutcome } from '@kinora/common/bus'
import type { EventEnvelope } from '@kinora/common/contract'
import {
  type ClaimedTask,
  events,
  MAX_WARNINGS,
  type MediaPart,
  type ToolRuns,
  type Warning,
} from '@kinora/common/contracts'
import { toAppError } from '@kinora/common/errors'
import type { Store } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import { TaskFailure, toTaskCause } from '../domain/task-failure.ts'
import { isUrgent } from '../domain/task-work.ts'
import { AttemptLog } from '../infra/attempt-log.ts'
import { withWorkspace } from '../infra/workspace.ts'
import { startHeartbeat } from './heartbeat.ts'
import { runTask } from './index.ts'
import type { TaskContext } from './task.ts'
import { leaseOf, publishOutcome, taskEvent } from './task-events.ts'

/**
 * Runs a claimed task with a heartbeat and publishes its outcome. An urgent task has priority until it has written segments.
 * Returns 'given back' when the task was not finished and should be released.
 */
export async function runAttempt(
  context: Context,
  task: ClaimedTask,
  signal: AbortSignal,
): Promise<TaskOutcome | 'given back'> {
  const { bus, logger, metrics } = context
  const slot = context.priorityGate.enter(isUrgent(task.work))
  const runs: ToolRuns = { ffmpeg: context.tools.build, commands: [] }
  const heartbeat = startHeartbeat(bus, task, runs)
  const written = (part: MediaPart) => {
    heartbeat.written(part)
    slot.release()
  }
  const tools = {
    ...context.tools,
    onRun: (command: string[]) => void runs.commands.push(command),
    log: new AttemptLog(),
    slot,
  }
  const log = logger.child({ taskId: task.taskId, attempt: task.attempt, videoId: task.videoId, kind: task.work.kind })
  try {
    const outcome = await outcomeOf(context, task, runs, { tools, signal, progress: heartbeat.progress, written })
    if (outcome === 'given back') return outcome
    const lease = { renewedAt: heartbeat.renewedAt, leaseMs: task.leaseMs, signal }
    const published = await publishOutcome(bus, outcome, lease)
    metrics.ended.inc({ kind: task.work.kind, outcome: published ? outcome.type : 'unheard' })
    log.info({ outcome: outcome.type, published }, 'a task ended')
    return 'done'
  } finally {
    slot.release()
    heartbeat.stop()
  }
}

/** Runs the task in a new workspace; returns the event for its result or failure. */
async function outcomeOf(
  context: Context,
  task: ClaimedTask,
  runs: ToolRuns,
  reporting: Pick<TaskContext, 'tools' | 'signal' | 'progress' | 'written'>,
): Promise<EventEnvelope | 'given back'> {
  const { store, limits, engine, logger, workDir } = context
  const { outputKey } = task
  const { tools, signal } = reporting
  const warnings: Warning[] = []
  const warn = (warning: Warning) => {
    if (warnings.length < MAX_WARNINGS) warnings.push(warning)
  }
  try {
    const result = await withWorkspace(
      workDir,
      (workspace) => runTask(task.work, { ...reporting, warn, store, limits, engine, workspace, outputKey }),
      tools.sandbox.clean,
    )
    const told = warnings.length > 0 && { warnings }
    return taskEvent(events['task.finished'], task, { ...leaseOf(task), result, ...told, tools: runs, ...logOf(tools) })
  } catch (thrown) {
    if (signal.aborted) return 'given back'
    const diagnosis = thrown instanceof TaskFailure ? thrown.diagnosis : undefined
    const cause = toTaskCause(thrown)
    logger.warn({ taskId: task.taskId, cause, err: thrown, diagnosis }, 'an attempt failed')
    if (isStorageOutage(thrown, task.attempt)) {
      tools.slot?.release()
      if (await storageRecovers(store, signal)) return 'given back'
    }
    return taskEvent(events['task.failed'], task, { ...leaseOf(task), cause, ...logOf(tools) })
  }
}

function logOf({ log }: TaskContext['tools']): { log?: string } {
  const text = log?.text()
  return text === undefined ? {} : { log: text }
}

const PAUSE_MS = 5000
/** After a longer outage, storage is not expected back soon. */
const MAX_WAIT_MS = 600_000
/** From this attempt on a task is not returned, because its failures are more than a temporary outage. */
const MANY_ATTEMPTS = 20

/** Whether an error means that storage is unreachable or full, which is temporary and not the task's fault. */
function isStorageOutage(thrown: unknown, attempt: number): boolean {
  const { code } = toAppError(thrown)
  return (code === 'DEPENDENCY_UNAVAILABLE' || code === 'STORAGE_FULL') && attempt < MANY_ATTEMPTS
}

/** Waits until storage can be reached again; false after ten minutes. Resolves with true at once when `signal` aborts. */
async function storageRecovers(store: Store, signal: AbortSignal): Promise<boolean> {
  const deadline = performance.now() + MAX_WAIT_MS
  while (performance.now() < deadline) {
    await sleep(PAUSE_MS, undefined, { signal }).catch(() => {})
    const isThere = await store.check().then(
      () => true,
      () => false,
    )
    if (isThere || signal.aborted) return true
  }
  return false
}
