import { type CutRange, segmentCount, startOfSegment } from '@kinora/common/contracts'

export interface Chunk {
  startFrame: number
  frameCount: number
  firstSegment: number
  /** The first frame of each segment, counted in the chunk. */
  cuts?: number[]
}

/**
 * About a minute: long enough that the extra decoding at its start does not matter, far below the broker's limit of 30 minutes.
 */
const CHUNK_SEGMENTS = 10
/** Usual segments that a viewer can watch until the first chunk of a long video has its first segments. */
const HEAD_SEGMENTS = 2

/**
 * Cuts a video into ranges of whole segments that several workers encode at the same time. Each start costs a seek and
 * decoding from the source's preceding key frame, so chunks are of equal length, without a small last one.
 */
export function chunkPlan(video: CutRange): Chunk[] {
  const { frameCount, segmentFrames } = video
  const count = Math.max(1, Math.round(frameCount / segmentFrames / CHUNK_SEGMENTS))
  const boundaries = Array.from({ length: count }, (_, index) => nearestSegment((index * frameCount) / count, video))
  return boundaries.map((from, index) => chunkOf(video, from, boundaries[index + 1] ?? segmentCount(video)))
}

/** The segments of a video from one to another, which is not included. */
export function chunkOf(video: CutRange, from: number, to: number): Chunk {
  const startFrame = startOfSegment(from, video)
  const end = to < segmentCount(video) ? startOfSegment(to, video) : video.frameCount
  const cuts = video.cuts && { cuts: video.cuts.slice(from, to).map((cut) => cut - startFrame) }
  return { startFrame, frameCount: end - startFrame, firstSegment: from, ...cuts }
}

function nearestSegment(frame: number, video: CutRange): number {
  const next = segmentAt(frame, video)
  if (next === 0) return 0
  return startOfSegment(next, video) - frame < frame - startOfSegment(next - 1, video) ? next : next - 1
}

/** The first segment that begins at this frame or later; one after the last if there is none. */
function segmentAt(frame: number, video: CutRange): number {
  const count = segmentCount(video)
  let index = 0
  while (index < count && startOfSegment(index, video) < frame) index += 1
  return index
}

/**
 * How many segments of the smallest rendition are encoded before everything else: those of the length of a usual segment,
 * or of two in a long video. They are decoded twice, so a short video gets fewer.
 */
export function headSegments(video: CutRange): number {
  const { frameCount, segmentFrames } = video
  const isLong = frameCount > CHUNK_SEGMENTS * segmentFrames
  return segmentAt((isLong ? HEAD_SEGMENTS : 1) * segmentFrames, video)
}
