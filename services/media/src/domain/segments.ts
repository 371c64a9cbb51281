import { causeOf, type MediaPart, type TaskCause, type TaskResult, type TaskWork } from '@kinora/common/contracts'

type VideoPart = Extract<MediaPart, { kind: 'video' }>

/** Recorded segments, and in whose folder they lie. They are never written again. */
export interface Part {
  taskId: string
  attempt: number
  written: MediaPart
}

/** Numbers of the segments of a part: from the first to before the last. Renditions end together; one may begin later. */
export function segmentsOf(part: MediaPart): { from: number; to: number } {
  const runs = part.kind === 'audio' ? [part] : part.renditions
  return {
    from: Math.min(...runs.map((run) => run.firstSegment)),
    to: Math.max(...runs.map((run) => run.firstSegment + run.segments.length)),
  }
}

/** What is left of a task when so many of its segments are recorded. */
export function remainingWork(work: TaskWork, written: number): TaskWork {
  if (work.kind === 'audio') return { ...work, firstSegment: written }
  if (work.kind !== 'video' || written === 0) return work
  const { startFrame, frameCount, firstSegment } = work.chunk
  const frames = written * work.segmentFrames
  const chunk = {
    startFrame: startFrame + frames,
    frameCount: frameCount - frames,
    firstSegment: firstSegment + written,
  }
  return { ...work, chunk }
}

/**
 * Does a result fit what was asked and what other workers made? Playlists are built on it. The answer is a host fault:
 * another attempt, perhaps on another machine, may do better.
 */
export function checkResult(work: TaskWork, result: TaskResult, others: readonly Part[]): TaskCause | null {
  if (work.kind !== result.kind) return causeOf('RESULT_UNUSABLE')
  if (result.kind === 'audio') return checkPart(work, result, others)
  if (work.kind !== 'video' || result.kind !== 'video') return null
  return segmentsOf(result).to === rangeOf(work).to ? checkPart(work, result, others) : causeOf('RESULT_UNUSABLE')
}

/** The same for the first segments of a task that goes on. */
export function checkPart(work: TaskWork, part: MediaPart, others: readonly Part[]): TaskCause | null {
  if (part.kind === 'audio') {
    const fits = work.kind === 'audio' && part.firstSegment === work.firstSegment
    return fits ? null : causeOf('RESULT_UNUSABLE')
  }
  if (work.kind !== 'video' || !hasAskedSegments(work, part)) return causeOf('RESULT_UNUSABLE')
  return hasSameHeaders(part, others) ? null : causeOf('CHUNKS_DIFFER')
}

/** Every rung from its beginning to where the part ends, each segment with the frames that the plan gives it. */
function hasAskedSegments(work: VideoWork, part: VideoPart): boolean {
  const { to } = segmentsOf(part)
  const asked = work.rungs.filter((rung) => startOf(rung, work) < to)
  return (
    to > work.chunk.firstSegment &&
    to <= rangeOf(work).to &&
    part.renditions.length === asked.length &&
    asked.every((rung) => {
      const rendition = part.renditions.find(({ name }) => name === rung.name)
      const start = startOf(rung, work)
      return (
        rendition?.firstSegment === start &&
        rendition.segments.length === to - start &&
        rendition.segments.every(
          ({ frames, keyFrames }, index) =>
            frames === framesOfSegment(start + index, work) &&
            (keyFrames === undefined || keyFrames.length === Math.ceil(frames / work.gopFrames)),
        )
      )
    })
  )
}

function startOf(rung: VideoWork['rungs'][number], { chunk }: VideoWork): number {
  return Math.max(rung.firstSegment, chunk.firstSegment)
}

/** One EXT-X-MAP serves all chunks of a rendition, so their headers must be the same, byte for byte. */
function hasSameHeaders({ renditions }: VideoPart, others: readonly Part[]): boolean {
  const known = others.flatMap(({ written }) => (written.kind === 'video' ? written.renditions : []))
  return renditions.every((rendition) =>
    known.every((other) => other.name !== rendition.name || other.initSha256 === rendition.initSha256),
  )
}

export type VideoWork = Extract<TaskWork, { kind: 'video' }>
type WorkRung = VideoWork['rungs'][number]

/** Numbers of the segments of a task's range: from the first to before the last. */
export function rangeOf({ chunk, segmentFrames }: VideoWork): { from: number; to: number } {
  return { from: chunk.firstSegment, to: chunk.firstSegment + Math.ceil(chunk.frameCount / segmentFrames) }
}

/** Frames of this rung that the task makes. */
export function framesOf({ firstSegment }: WorkRung, { chunk, segmentFrames }: VideoWork): number {
  const skipped = Math.max(0, firstSegment - chunk.firstSegment) * segmentFrames
  return Math.max(0, chunk.frameCount - skipped)
}

/** Is this rendition among those that the task makes? */
export function makesRendition(work: TaskWork, name: string): boolean {
  return work.kind === 'video' && work.rungs.some((rung) => rung.name === name)
}

/** Frames of the segment with this number. */
function framesOfSegment(number: number, { chunk, segmentFrames }: VideoWork): number {
  return Math.min(segmentFrames, chunk.frameCount - (number - chunk.firstSegment) * segmentFrames)
}
