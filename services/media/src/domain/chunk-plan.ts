import type { Grid } from '@kinora/common/contracts'

export interface Chunk {
  startFrame: number
  frameCount: number
  firstSegment: number
}

/** About a minute: long enough that the extra decoding at its start does not matter, far below the broker's patience. */
const CHUNK_SEGMENTS = 10
/** What a viewer sees while the first chunk of a long video gets that far. */
const HEAD_SEGMENTS = 2

/**
 * Cuts a video into ranges of whole segments that several workers encode at the same time. Each start costs a seek and
 * the decoding from the source's key frame before it, so it is divided evenly, without a small tail.
 */
export function chunkPlan(frameCount: number, { segmentFrames }: Grid): Chunk[] {
  const segments = Math.ceil(frameCount / segmentFrames)
  const count = Math.max(1, Math.round(segments / CHUNK_SEGMENTS))
  const boundary = (index: number) => Math.floor((index * segments) / count)
  return Array.from({ length: count }, (_, index) => {
    const firstSegment = boundary(index)
    const startFrame = firstSegment * segmentFrames
    const end = Math.min(frameCount, boundary(index + 1) * segmentFrames)
    return { startFrame, frameCount: end - startFrame, firstSegment }
  })
}

/**
 * Segments of the smallest rendition that are made before everything else. A short clip gets one, because its seconds are
 * decoded twice for it; one of a single segment gets none.
 */
export function headSegments(frameCount: number, { segmentFrames }: Grid): number {
  const segments = Math.ceil(frameCount / segmentFrames)
  if (segments <= 1) return 0
  return segments <= CHUNK_SEGMENTS ? 1 : HEAD_SEGMENTS
}
