import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Id, Nothing, PageQuery, pageOf, Timestamp } from '../shared.ts'
import { WARNINGS_EXAMPLE, Warnings } from '../warnings.ts'
import { ClaimedTask, Task, TaskStatus } from '../work.ts'
import { OneVideo, VideoError } from './video.ts'

/** UTF-16 units; a text never has more of them than bytes, which workers limit. */
export const MAX_LOG_LENGTH = 65_536

export const TimelineEntry = z.object({
  taskId: Id.meta({ description: 'Id of the task.' }),
  kind: z.string().meta({ description: 'Kind of task.', example: 'video' }),
  label: z.string().meta({ description: 'Which task of its kind, for people.', example: 'video 720p 1/4' }),
  attempt: z.number().int().meta({ description: 'Number of the attempt, from 1.', example: 1 }),
  state: z
    .enum(['queued', 'running', 'done', 'failed', 'lost', 'released'])
    .meta({ description: 'What became of the attempt.', example: 'done' }),
  worker: z
    .string()
    .nullable()
    .meta({ description: 'Name of the worker; null before one has taken the task.', example: 'worker-1' }),
  queuedAt: Timestamp.meta({ description: 'When the attempt was queued (UTC).' }),
  startedAt: Timestamp.nullable().meta({ description: 'When a worker started (UTC); null before that.' }),
  endedAt: Timestamp.nullable().meta({ description: 'When the attempt ended (UTC); null before that.' }),
  cause: VideoError.nullable().meta({ description: 'Why the attempt failed; null if it did not.' }),
  hasLog: z.boolean().meta({ description: 'Whether the output of its tools can be read.', example: true }),
})

export type TimelineEntry = z.infer<typeof TimelineEntry>

/** A task that does not run yet, and what it waits for. */
export const WaitingTask = z.object({
  taskId: Id.meta({ description: 'Id of the task.' }),
  kind: z.string().meta({ description: 'Kind of task.', example: 'video' }),
  label: z.string().meta({ description: 'Which task of its kind, for people.', example: 'video 720p 1/4' }),
  reason: z
    .enum(['worker', 'pause', 'turn', 'start', 'tasks', 'playlists', 'retry'])
    .meta({ description: 'What the task waits for.', example: 'worker' }),
  detail: z.string().meta({ description: 'The reason as a sentence.', example: 'Waits for a free worker.' }),
  until: Timestamp.nullable().meta({ description: 'When the pause ends (UTC); null without a pause.' }),
})
export type WaitingTask = z.infer<typeof WaitingTask>

/** Tasks: the timeline for owners, the list for administrators, and the claims of workers. */
export const tasks = {
  getTimeline: {
    summary: 'Get the timeline of a video',
    description: 'Every attempt at every task, oldest first, and the tasks that are still waiting.',
    input: OneVideo,
    output: z.object({
      items: z.array(TimelineEntry).meta({ description: 'The entries of this page.' }),
      nextCursor: z.string().nullable().meta({
        description: 'Pass it as `cursor` to get the next page; null on the last page.',
        example: 'eyJhIjoxfQ',
      }),
      waiting: z.array(WaitingTask).meta({ description: 'Tasks that do not run yet, in the order of work.' }),
      warnings: Warnings.default([]).meta({
        description: 'What the tasks left out of the video, in the order in which they reported it.',
        example: WARNINGS_EXAMPLE,
      }),
    }),
    errors: ['VIDEO_NOT_FOUND'],
    idempotent: true,
  },
  getTaskLog: {
    summary: 'Get the log of a task',
    description:
      'The end of what ffmpeg printed in one attempt, at most 64 KiB; for members of its project, administrators and the role support.',
    input: OneVideo.extend({
      taskId: Id.meta({ description: 'Id of the task.' }),
      attempt: z.coerce
        .number()
        .int()
        .min(1)
        .max(1_000_000)
        .optional()
        .meta({ description: 'Number of the attempt; without it the last one that has a log.', example: 1 }),
    }),
    output: z.object({ log: z.string() }),
    errors: ['VIDEO_NOT_FOUND', 'TASK_LOG_NOT_FOUND'],
    idempotent: true,
  },
  listTasks: {
    summary: 'List tasks of all videos',
    description: 'Newest video first. Without `status`: tasks that are running or have failed.',
    input: PageQuery.extend({
      status: TaskStatus.optional().meta({ description: 'Only entries with this status.', example: 'running' }),
      videoId: Id.optional().meta({ description: 'Id of the video.' }),
    }),
    output: pageOf(Task),
    errors: [],
    idempotent: true,
    callers: ['gateway', 'operator'],
  },
  claimTask: {
    summary: 'Claim a task; for workers',
    input: z.strictObject({
      taskId: Id.meta({ description: 'Id of the task.' }),
      attempt: z.number().int().positive(),
      worker: z.string().max(100),
      /** Whether the broker has delivered this message before; the worker that held it has stopped then. */
      redelivered: z.boolean(),
    }),
    output: ClaimedTask,
    errors: ['TASK_GONE'],
    // A claim whose answer was lost is taken over like that of a killed worker.
    idempotent: false,
    callers: ['worker'],
  },
  releaseTask: {
    summary: 'Release a task that was not finished, because this worker stops; for workers',
    input: z.strictObject({
      taskId: Id.meta({ description: 'Id of the task.' }),
      attempt: z.number().int().positive(),
      leaseToken: Id,
    }),
    output: Nothing,
    errors: ['TASK_GONE'],
    idempotent: true,
    callers: ['worker'],
  },
} as const satisfies Record<string, MethodSpec>
