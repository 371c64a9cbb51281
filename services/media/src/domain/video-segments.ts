import type { TaskWork } from '@kinora/common/contracts'

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
export function framesOfSegment(number: number, { chunk, segmentFrames }: VideoWork): number {
  return Math.min(segmentFrames, chunk.frameCount - (number - chunk.firstSegment) * segmentFrames)
}
