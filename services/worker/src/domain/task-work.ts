import {
  cutRangeOf,
  framesOfSegment,
  keyFramesOfSegment,
  type MediaPart,
  segmentCount,
  startOfSegment,
  type TaskKind,
  type TaskResult,
  type TaskWork,
} from '@kinora/common/contracts'

export type WorkOf<K extends TaskKind> = Extract<TaskWork, { kind: K }>
export type ResultOf<K extends TaskKind> = Extract<TaskResult, { kind: K }>

export type AudioWork = WorkOf<'audio'>
export type VideoWork = WorkOf<'video'>
export type WorkRung = VideoWork['rungs'][number]

/**
 * Work is urgent while a viewer can see nothing of the video: until its first segments are recorded, but not for the rest
 * of a task whose first segments exist. While urgent work runs, the tools of all other tasks on this machine are paused.
 */
export function isUrgent(work: TaskWork): boolean {
  if (work.kind === 'probe') return true
  // Players begin with the default track; all others may wait.
  if (work.kind === 'audio') return work.track === undefined && work.firstSegment === 0
  // A remux publishes nothing until it is complete; pausing other tasks until then would be too long.
  if (work.kind !== 'video' || work.copied || work.rest) return false
  // Where another task makes the first segments of the smallest rendition, this task begins after them.
  return work.chunk.firstSegment === 0 && work.rungs.every(({ firstSegment }) => firstSegment === 0)
}

/** Number of the first segment of this rung that the task makes. */
export function firstSegmentOf({ firstSegment }: WorkRung, { chunk }: VideoWork): number {
  return Math.max(firstSegment, chunk.firstSegment)
}

/** Number after the last segment that the task makes. */
export function endSegmentOf(work: VideoWork): number {
  return work.chunk.firstSegment + segmentCount(cutRangeOf(work))
}

/** The frames of segment `number` of the video, by the plan. */
export function plannedSegment(number: number, work: VideoWork): { startFrame: number; frames: number } {
  const { chunk } = work
  const [index, range] = [number - chunk.firstSegment, cutRangeOf(work)]
  return { startFrame: chunk.startFrame + startOfSegment(index, range), frames: framesOfSegment(index, range) }
}

/** The frames of this rung that are encoded as key frames, counted from the first that the task makes of it. */
export function plannedKeyFrames(rung: WorkRung, work: VideoWork): number[] {
  const keyFrames: number[] = []
  const first = plannedSegment(firstSegmentOf(rung, work), work).startFrame
  for (let number = firstSegmentOf(rung, work); number < endSegmentOf(work); number += 1) {
    const { startFrame, frames } = plannedSegment(number, work)
    keyFrames.push(...keyFramesOfSegment(frames, work.gopFrames).map((frame) => startFrame - first + frame))
  }
  return keyFrames
}

/** Joins two parts of one attempt, the second of which begins where the first one ends. */
export function joinParts<P extends MediaPart>(first: P | undefined, second: P): P
export function joinParts(first: MediaPart | undefined, second: MediaPart): MediaPart {
  if (first?.kind === 'audio' && second.kind === 'audio') {
    return { ...first, segments: [...first.segments, ...second.segments] }
  }
  if (first?.kind !== 'video' || second.kind !== 'video') return second
  // A rung may begin later than the others.
  const renditions = second.renditions.map((rendition) => {
    const before = first.renditions.find(({ name }) => name === rendition.name)
    return before ? { ...before, segments: [...before.segments, ...rendition.segments] } : rendition
  })
  return { kind: 'video', renditions }
}
