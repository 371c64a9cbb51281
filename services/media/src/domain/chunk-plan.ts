import type { Grid } from '@kinora/common/contracts'

export interface Chunk {
  startFrame: number
  frameCount: number
  firstSegment: number
}

/**
 * About a minute: long enough that the extra decoding at its start does not matter, far below the broker's limit of 30 minutes.
 */
const CHUNK_SEGMENTS = 10
/** What a viewer can watch until the first chunk of a long video has its first segments. */
const HEAD_SEGMENTS = 2

/**
 * Cuts a video into ranges of whole segments that several workers encode at the same time. Each start costs a seek and
 * decoding from the source's preceding key frame, so chunks are of equal length, without a small last one.
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
 * How many segments of the smallest rendition are encoded before everything else. A short video gets one, because those
 * seconds are decoded twice; a video of one segment gets 0.
 */
export function headSegments(frameCount: number, { segmentFrames }: Grid): number {
  const segments = Math.ceil(frameCount / segmentFrames)
  if (segments <= 1) return 0
  return segments <= CHUNK_SEGMENTS ? 1 : HEAD_SEGMENTS
}
