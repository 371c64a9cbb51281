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
import type { Context } from '../context.ts'
import { TaskFailure, toTaskCause } from '../domain/task-failure.ts'
import { isUrgent } from '../domain/task-work.ts'
import { AttemptLog } from '../infra/attempt-log.ts'
import { isStorageOutage, storageRecovers } from '../infra/storage-outage.ts'
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

/** Runs the task in a workspace of its own; returns the event for its result or failure. */
async function outcomeOf(
  context: Context,
  task: ClaimedTask,
  runs: ToolRuns,
  reporting: Pick<TaskContext, 'tools' | 'signal' | 'progress' | 'written'>,
): Promise<EventEnvelope | 'given back'> {
  const { store, limits, logger, workDir } = context
  const { outputKey } = task
  const { tools, signal } = reporting
  const warnings: Warning[] = []
  const warn = (warning: Warning) => {
    if (warnings.length < MAX_WARNINGS) warnings.push(warning)
  }
  try {
    const result = await withWorkspace(
      workDir,
      (workspace) => runTask(task.work, { ...reporting, warn, store, limits, workspace, outputKey }),
      tools.wall.clean,
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
