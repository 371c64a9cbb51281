import { setTimeout as sleep } from 'node:timers/promises'
import type { TaskOutcome } from '@kinora/common/bus'
import type { Actor, EventEnvelope } from '@kinora/common/contract'
import {
  type ClaimedTask,
  events,
  type MediaPart,
  media,
  type TaskMessage,
  type ToolRuns,
} from '@kinora/common/contracts'
import { toAppError } from '@kinora/common/errors'
import type { Context } from './context.ts'
import { startHeartbeat } from './heartbeat.ts'
import { runJob } from './jobs/index.ts'
import type { JobContext } from './jobs/job.ts'
import { AttemptLog } from './media-tools/attempt-log.ts'
import { reportOutcome } from './report-outcome.ts'
import { isStorageTrouble, storageComesBack } from './storage-trouble.ts'
import { leaseOf, taskEvent } from './task-events.ts'
import { TaskFailure, toTaskCause } from './task-failure.ts'
import { isUrgent } from './urgency.ts'
import { withWorkspace } from './workspace.ts'

const UNANSWERED_PAUSE_MS = 1000

export interface TaskRunner {
  handle(message: TaskMessage, redelivered: boolean): Promise<TaskOutcome>
  /** Kills what runs and gives it back; resolves when nothing runs any more. */
  stop(): Promise<void>
}

/** Turns task messages into claims, jobs and outcomes. */
export function createTaskRunner(context: Context): TaskRunner {
  const stopping = new AbortController()
  const running = new Map<string, Promise<TaskOutcome>>()

  return {
    async handle(message, redelivered) {
      if (stopping.signal.aborted) return 'requeue'
      const key = `${message.taskId}/${message.attempt}`
      // After the broker was away it hands out again what this worker still holds; claiming that would take it from us.
      const held = running.get(key)
      if (held !== undefined) return await held
      const outcome = runTask(context, message, redelivered, stopping.signal).finally(() => running.delete(key))
      running.set(key, outcome)
      return await outcome
    },
    async stop() {
      stopping.abort(new Error('the worker stops'))
      await Promise.allSettled(running.values())
    },
  }
}

async function runTask(
  context: Context,
  message: TaskMessage,
  redelivered: boolean,
  signal: AbortSignal,
): Promise<TaskOutcome> {
  // Nothing is found in another installation's store, and a task must not fail for that.
  if (!context.storeCheck.usable) return 'later'
  const task = await claim(context, message, redelivered)
  if (task === 'gone') return 'done'
  if (task === 'unreachable') return 'later'
  if (task === 'unanswered') return await askAgain(signal)
  const { metrics } = context
  const { kind } = task.work
  metrics.running.inc({ kind })
  const endTimer = metrics.seconds.startTimer({ kind })
  try {
    return await attempt(context, task, signal)
  } finally {
    endTimer()
    metrics.running.dec({ kind })
  }
}

async function claim(
  { bus, name, logger }: Context,
  { taskId, attempt }: TaskMessage,
  redelivered: boolean,
): Promise<ClaimedTask | 'gone' | 'unreachable' | 'unanswered'> {
  try {
    return await bus.call(media.claimTask, { taskId, attempt, worker: name, redelivered }, callAs(taskId))
  } catch (thrown) {
    const error = toAppError(thrown)
    if (error.code === 'TASK_GONE') return 'gone'
    if (error.code === 'TIMEOUT' || error.code === 'CONNECTION_LOST') return 'unanswered'
    logger.warn({ taskId, attempt, code: error.code }, 'a task could not be claimed; it comes back later')
    return 'unreachable'
  }
}

/**
 * The claim may have been granted, and then this task is ours without our knowing its lease. Given back, the message comes
 * again marked as redelivered, which lets the next claim take over at once what would otherwise wait for the lease to end.
 */
async function askAgain(signal: AbortSignal): Promise<TaskOutcome> {
  await sleep(UNANSWERED_PAUSE_MS, undefined, { signal }).catch(() => {})
  return 'requeue'
}

/** Does the job under a heartbeat and says how it ended. An urgent one goes before others until it has written something. */
async function attempt(context: Context, task: ClaimedTask, signal: AbortSignal): Promise<TaskOutcome> {
  const { bus, logger, metrics } = context
  const turn = context.precedence.enter(isUrgent(task.work))
  const runs: ToolRuns = { ffmpeg: context.tools.build, commands: [] }
  const heartbeat = startHeartbeat(bus, task, runs)
  const written = (part: MediaPart) => {
    heartbeat.written(part)
    turn.giveWay()
  }
  const tools = {
    ...context.tools,
    ran: (command: string[]) => void runs.commands.push(command),
    log: new AttemptLog(),
    turn,
  }
  const log = logger.child({ taskId: task.taskId, attempt: task.attempt, videoId: task.videoId, kind: task.work.kind })
  try {
    const outcome = await outcomeOf(context, task, runs, { tools, signal, progress: heartbeat.progress, written })
    if (outcome === 'given back') return await release(context, task)
    const lease = { renewedAt: heartbeat.renewedAt, leaseMs: task.leaseMs, signal }
    const told = await reportOutcome(bus, outcome, lease)
    metrics.ended.inc({ kind: task.work.kind, outcome: told ? outcome.type : 'unheard' })
    log.info({ outcome: outcome.type, told }, 'a task ended')
    return 'done'
  } finally {
    turn.giveWay()
    heartbeat.stop()
  }
}

async function outcomeOf(
  context: Context,
  task: ClaimedTask,
  runs: ToolRuns,
  job: Pick<JobContext, 'tools' | 'signal' | 'progress' | 'written'>,
): Promise<EventEnvelope | 'given back'> {
  const { store, limits, logger, workDir } = context
  const { outputKey } = task
  try {
    const result = await withWorkspace(workDir, (workspace) =>
      runJob(task.work, { ...job, store, limits, workspace, outputKey }),
    )
    return taskEvent(events['task.finished'], task, { ...leaseOf(task), result, tools: runs, ...logOf(job.tools) })
  } catch (thrown) {
    if (job.signal.aborted) return 'given back'
    const diagnosis = thrown instanceof TaskFailure ? thrown.diagnosis : undefined
    const cause = toTaskCause(thrown)
    logger.warn({ taskId: task.taskId, cause, err: thrown, diagnosis }, 'a job did not succeed')
    if (isStorageTrouble(thrown, task.attempt)) {
      job.tools.turn?.giveWay()
      if (await storageComesBack(store, job.signal)) return 'given back'
    }
    return taskEvent(events['task.failed'], task, { ...leaseOf(task), cause, ...logOf(job.tools) })
  }
}

function logOf({ log }: JobContext['tools']): { log?: string } {
  const text = log?.text()
  return text === undefined ? {} : { log: text }
}

/** Gives a task back, instead of letting its lease run out. Media then queues it anew; else the broker does. */
async function release({ bus, logger }: Context, task: ClaimedTask): Promise<TaskOutcome> {
  try {
    await bus.call(media.releaseTask, leaseOf(task), { ...callAs(task.taskId), timeoutMs: 2000 })
    return 'done'
  } catch (thrown) {
    const { code } = toAppError(thrown)
    if (code === 'TASK_GONE') return 'done'
    logger.warn({ taskId: task.taskId, code }, 'a task could not be released')
    return 'requeue'
  }
}

const actor: Actor = { kind: 'service', name: 'worker' }

function callAs(requestId: string): { actor: Actor; requestId: string } {
  return { actor, requestId }
}
