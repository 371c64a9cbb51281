import { type FrameRate, type Grid, segmentCount } from '@kinora/common/contracts'

export interface Chunk {
  startFrame: number
  frameCount: number
  firstSegment: number
}

type RatedGrid = Grid & { frameRate: FrameRate }

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
export function chunkPlan(frameCount: number, grid: RatedGrid): Chunk[] {
  const { segmentFrames } = grid
  const segments = segmentCount({ ...grid, frameCount })
  const count = Math.max(1, Math.round(segments / CHUNK_SEGMENTS))
  const boundary = (index: number) => Math.floor((index * segments) / count)
  return Array.from({ length: count }, (_, index) => {
    const firstSegment = boundary(index)
    const startFrame = firstSegment * segmentFrames
    const end = index === count - 1 ? frameCount : boundary(index + 1) * segmentFrames
    return { startFrame, frameCount: end - startFrame, firstSegment }
  })
}

/**
 * How many segments of the smallest rendition are encoded before everything else. A short video gets one, because those
 * seconds are decoded twice; a video of one segment gets 0.
 */
export function headSegments(frameCount: number, grid: RatedGrid): number {
  const segments = segmentCount({ ...grid, frameCount })
  if (segments <= 1) return 0
  return segments <= CHUNK_SEGMENTS ? 1 : HEAD_SEGMENTS
}
