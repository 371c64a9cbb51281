import {
  causeOf,
  cutRangeOf,
  framesOfSegment,
  type MediaPart,
  segmentCount,
  startOfSegment,
  type TaskCause,
  type TaskResult,
  type TaskWork,
} from '@kinora/common/contracts'

type VideoPart = Extract<MediaPart, { kind: 'video' }>

/** Recorded segments, and the attempt whose folder they are in. They are never written again. */
export interface Part {
  taskId: string
  attempt: number
  written: MediaPart
}

/** Numbers of a part's segments, `to` not included. Its renditions end together; one may begin later. */
export function segmentsOf(part: MediaPart): { from: number; to: number } {
  const runs = part.kind === 'audio' ? [part] : part.renditions
  return {
    from: Math.min(...runs.map((run) => run.firstSegment)),
    to: Math.max(...runs.map((run) => run.firstSegment + run.segments.length)),
  }
}

/** The rest of a task of which `written` segments are recorded. */
export function remainingWork(work: TaskWork, written: number): TaskWork {
  if (work.kind === 'audio') return { ...work, firstSegment: written }
  if (work.kind !== 'video' || written === 0) return work
  const { startFrame, frameCount, firstSegment, cuts } = work.chunk
  const frames = startOfSegment(written, cutRangeOf(work))
  const chunk = {
    startFrame: startFrame + frames,
    frameCount: frameCount - frames,
    firstSegment: firstSegment + written,
    ...(cuts && { cuts: cuts.slice(written).map((cut) => cut - frames) }),
  }
  return { ...work, chunk }
}

/**
 * Checks a result against its task and against the other recorded segments, because playlists are built on it. A fault is
 * a host fault: another attempt, perhaps on another machine, may succeed.
 */
export function checkResult(work: TaskWork, result: TaskResult, others: readonly Part[]): TaskCause | null {
  if (work.kind !== result.kind) return causeOf('RESULT_UNUSABLE')
  if (work.kind === 'transcribe' && result.kind === 'transcribe') {
    const goesOn = result.to >= work.from + 1 && result.to <= work.from + work.seconds + 1
    return goesOn || result.ended ? null : causeOf('RESULT_UNUSABLE')
  }
  if (result.kind === 'audio') return checkPart(work, result, others)
  if (work.kind !== 'video' || result.kind !== 'video') return null
  return segmentsOf(result).to === rangeOf(work).to ? checkPart(work, result, others) : causeOf('RESULT_UNUSABLE')
}

/** The same for the first segments of a task that still runs. */
export function checkPart(work: TaskWork, part: MediaPart, others: readonly Part[]): TaskCause | null {
  if (part.kind === 'audio') {
    const fits = work.kind === 'audio' && part.firstSegment === work.firstSegment && part.track === work.track
    return fits ? null : causeOf('RESULT_UNUSABLE')
  }
  if (work.kind !== 'video' || !hasAskedSegments(work, part)) return causeOf('RESULT_UNUSABLE')
  return hasSameHeaders(part, others) ? null : causeOf('CHUNKS_DIFFER')
}

/** Whether a part has every rung from its beginning to the end of the part, each segment with the planned frames. */
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
            frames === framesOfSegment(start + index - work.chunk.firstSegment, cutRangeOf(work)) &&
            (keyFrames === undefined || keyFrames.length > 0),
        )
      )
    })
  )
}

function startOf(rung: VideoWork['rungs'][number], { chunk }: VideoWork): number {
  return Math.max(rung.firstSegment, chunk.firstSegment)
}

/** One EXT-X-MAP is used for all chunks of a rendition, so their headers must be equal byte for byte. */
function hasSameHeaders({ renditions }: VideoPart, others: readonly Part[]): boolean {
  const known = others.flatMap(({ written }) => (written.kind === 'video' ? written.renditions : []))
  return renditions.every((rendition) =>
    known.every((other) => other.name !== rendition.name || other.initSha256 === rendition.initSha256),
  )
}

export type VideoWork = Extract<TaskWork, { kind: 'video' }>
type WorkRung = VideoWork['rungs'][number]

/** Numbers of a task's segments, `to` not included. */
export function rangeOf(work: VideoWork): { from: number; to: number } {
  const { firstSegment } = work.chunk
  return { from: firstSegment, to: firstSegment + segmentCount(cutRangeOf(work)) }
}

/** The number of frames of this rung that the task encodes. */
export function framesOf({ firstSegment }: WorkRung, work: VideoWork): number {
  const { chunk } = work
  const skipped = startOfSegment(Math.max(0, firstSegment - chunk.firstSegment), cutRangeOf(work))
  return Math.max(0, chunk.frameCount - skipped)
}

/** Whether the task makes segments of this rendition. */
export function makesRendition(work: TaskWork, name: string): boolean {
  return work.kind === 'video' && work.rungs.some((rung) => rung.name === name)
}
