import type { Progress, TaskCause, TaskKind, TaskStatus, VideoError, VideoStatus } from '@kinora/common/contracts'
import type { z } from 'zod'
import {
  comesAfterwards,
  FIRST_PART_ORDINAL,
  isAdditional,
  isAdditionalAudio,
  isCheap,
  isOptional,
  makesPlayable,
} from './plan.ts'

/** The facts about a task that decide the state of its video. */
export interface TaskFacts {
  id: string
  kind: TaskKind
  ordinal: number
  state: TaskStatus
  weight: number
  fraction: number
  /** Number of recorded segments. */
  written: number
  started: boolean
  /** Waits for the end of a pause or for the concurrency limit of its project; not for other tasks. */
  delayed: boolean
  cause: TaskCause | null
}

export interface Publication {
  /** The material that the published playlists were written from. */
  materialPublished: number
  /** The playlists must be written once more. */
  republish: boolean
}

export interface VideoState {
  status: VideoStatus
  playable: boolean
  stage: z.infer<typeof Progress>['stage']
  percent: number
  error: z.infer<typeof VideoError> | null
  /**
   * Recorded segments and finished tasks, counted together: grows whenever playlists must be written. 0 until the video is
   * playable.
   */
  material: number
  /** Ids of the tasks that are to be queued, in the order of work. */
  due: string[]
}

const PROBE_PERCENT = 2
const MEDIA_PERCENT = 95

/** A video's state is a function of its tasks, given in the order of work: no stored counter can be wrong. */
export function deriveState(uploaded: boolean, publication: Publication, tasks: readonly TaskFacts[]): VideoState {
  const media = tasks.filter((task) => task.kind === 'video' || task.kind === 'audio')
  const finalise = tasks.find((task) => task.kind === 'finalise')
  const failed = tasks.find((task) => task.state === 'failed' && !isOptional(task))
  const status = statusOf(uploaded, tasks, finalise, failed)
  const material = materialOf(media)
  const allWritten = media.length > 0 && media.every(isFinished)
  const allPublished = allWritten && publication.materialPublished === material && !publication.republish
  return {
    status,
    playable: publication.materialPublished > 0 && status !== 'failed',
    stage: stageOf(status, tasks, allPublished),
    percent: percentOf(status, tasks, media, finalise),
    error: failed?.cause ? { code: failed.cause.code, detail: failed.cause.detail } : null,
    material,
    due: tasks.filter((task) => task.state === 'waiting' && !task.delayed && isDue(task)).map(({ id }) => id),
  }

  /** First only what makes the video playable, then the rest, the check when all is published, storyboard and transcripts last. */
  function isDue(task: TaskFacts): boolean {
    if (task.kind === 'finalise') return allPublished && tasks.every(isFinished)
    if (task.kind === 'storyboard' || task.kind === 'transcribe') return status === 'ready'
    // Captions are part of the first publication or of one soon after it.
    return makesPlayable(task) || isCheap(task) || material > 0
  }
}

/** Whether the check need not wait for this task. */
function isFinished(task: TaskFacts): boolean {
  if (comesAfterwards(task.kind) || task.state === 'done') return true
  return isOptional(task) && task.state === 'failed'
}

function statusOf(
  uploaded: boolean,
  tasks: readonly TaskFacts[],
  finalise: TaskFacts | undefined,
  failed: TaskFacts | undefined,
): VideoStatus {
  if (!uploaded) return 'awaiting_upload'
  if (failed) return 'failed'
  if (finalise?.state === 'done') return 'ready'
  return tasks.some((task) => task.started) ? 'processing' : 'uploaded'
}

/** A video is playable with the first segments of its smallest rendition, if it has frames, and of its audio. */
function materialOf(media: readonly TaskFacts[]): number {
  const frames = media.filter(({ kind }) => kind === 'video')
  const hasVideo = frames.length === 0 || frames.some((task) => task.ordinal === FIRST_PART_ORDINAL && task.written > 0)
  const hasAudio = media.every((task) => task.kind !== 'audio' || isAdditionalAudio(task) || task.written > 0)
  if (!hasVideo || !hasAudio) return 0
  return media.reduce((sum, task) => sum + publishable(task), 0)
}

/** An additional track counts when it is complete. */
function publishable(task: TaskFacts): number {
  if (task.state === 'done') return task.written + 1
  return isAdditional(task) ? 0 : task.written
}

function stageOf(status: VideoStatus, tasks: readonly TaskFacts[], allPublished: boolean): VideoState['stage'] {
  if (status === 'ready') return 'done'
  if (allPublished) return 'finalising'
  const probe = tasks.find((task) => task.kind === 'probe')
  if (probe?.state === 'done') return 'transcoding'
  return probe?.started ? 'probing' : 'waiting'
}

/** 100 only when ready. Rounded down to tenths, so that a heartbeat without a visible change causes no event. */
function percentOf(
  status: VideoStatus,
  tasks: readonly TaskFacts[],
  media: readonly TaskFacts[],
  finalise: TaskFacts | undefined,
): number {
  if (status === 'ready') return 100
  const probe = tasks.find((task) => task.kind === 'probe')
  const all = media.reduce((sum, task) => sum + task.weight, 0)
  const done = media.reduce((sum, task) => sum + task.weight * fractionOf(task), 0)
  const percent =
    PROBE_PERCENT * fractionOf(probe) +
    MEDIA_PERCENT * (all > 0 ? done / all : 0) +
    (100 - PROBE_PERCENT - MEDIA_PERCENT) * fractionOf(finalise)
  return Math.min(99.9, Math.floor(percent * 10 + 1e-6) / 10)
}

function fractionOf(task: TaskFacts | undefined): number {
  if (!task) return 0
  if (task.state === 'done') return 1
  return task.state === 'running' ? task.fraction : 0
}
