import { setTimeout as sleep } from 'node:timers/promises'
import type { TaskOutcome } from '@kinora/common/bus'
import type { Actor } from '@kinora/common/contract'
import { type ClaimedTask, media, type TaskMessage } from '@kinora/common/contracts'
import { toAppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import { runAttempt } from './attempt.ts'
import { leaseOf } from './task-events.ts'

const UNANSWERED_PAUSE_MS = 1000

export interface TaskRunner {
  handle(message: TaskMessage, redelivered: boolean): Promise<TaskOutcome>
  /** Kills running tools and gives their tasks back; resolves when nothing runs. */
  stop(): Promise<void>
}

/** Turns task messages into claims, attempts and outcomes. */
export function createTaskRunner(context: Context): TaskRunner {
  const stopping = new AbortController()
  const running = new Map<string, Promise<TaskOutcome>>()

  return {
    async handle(message, redelivered) {
      if (stopping.signal.aborted) return 'requeue'
      const key = `${message.taskId}/${message.attempt}`
      // After an outage the broker redelivers tasks that still run here; a second claim would end the first one's lease.
      const current = running.get(key)
      if (current !== undefined) return await current
      const outcome = handleTask(context, message, redelivered, stopping.signal).finally(() => running.delete(key))
      running.set(key, outcome)
      return await outcome
    },
    async stop() {
      stopping.abort(new Error('the worker stops'))
      await Promise.allSettled(running.values())
    },
  }
}

async function handleTask(
  context: Context,
  message: TaskMessage,
  redelivered: boolean,
  signal: AbortSignal,
): Promise<TaskOutcome> {
  // The store of another installation lacks the files of these tasks, which must not fail because of that.
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
    const outcome = await runAttempt(context, task, signal)
    return outcome === 'given back' ? await release(context, task) : outcome
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
    logger.warn({ taskId, attempt, code: error.code }, 'a task could not be claimed and will be delivered again')
    return 'unreachable'
  }
}

/**
 * The claim may have been granted: then this worker holds the task, but does not know the lease. A requeued message is
 * redelivered with a mark that lets the next claim take over at once, instead of waiting for the lease to end.
 */
async function askAgain(signal: AbortSignal): Promise<TaskOutcome> {
  await sleep(UNANSWERED_PAUSE_MS, undefined, { signal }).catch(() => {})
  return 'requeue'
}

/**
 * Releases a task, instead of letting its lease end. Media then queues it again; when media is unreachable, the broker
 * does.
 */
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
