import type { FrameRate } from '@kinora/common/contracts'

export interface Grid {
  /** Frames from one key frame to the next: as close to two seconds as whole frames allow. */
  gopFrames: number
  /** Frames of each segment but the video's last. */
  segmentFrames: number
}

export interface Chunk {
  startFrame: number
  frameCount: number
  firstSegment: number
}

const GOP_SECONDS = 2
const GOPS_PER_SEGMENT = 3
/** The first chunk is short, because the video is playable when it is done. */
const FIRST_CHUNK_SEGMENTS = 2
/** About a minute: long enough that the extra decoding at its start does not matter, far below the broker's patience. */
const CHUNK_SEGMENTS = 10
/** Up to a chunk's length nothing is cut: three runs instead of one cost a quarter more processor time on 30 seconds. */
const MIN_SEGMENTS_TO_CUT = CHUNK_SEGMENTS + 1

/** The same grid for all renditions, so that a player can switch at every segment. */
export function segmentGrid({ num, den }: FrameRate): Grid {
  const gopFrames = Math.max(1, Math.round((GOP_SECONDS * num) / den))
  return { gopFrames, segmentFrames: gopFrames * GOPS_PER_SEGMENT }
}

/**
 * Cuts a video into ranges of whole segments that several workers encode at the same time. Each start costs a seek and
 * the decoding from the source's key frame before it, so what follows the first chunk is divided evenly, without a
 * small tail.
 */
export function chunkPlan(frameCount: number, { segmentFrames }: Grid): Chunk[] {
  const segments = Math.ceil(frameCount / segmentFrames)
  return sizes(segments).reduce<Chunk[]>((chunks, size) => {
    const firstSegment = chunks.length === 0 ? 0 : segmentAfter(chunks, segmentFrames)
    const startFrame = firstSegment * segmentFrames
    const end = Math.min(frameCount, (firstSegment + size) * segmentFrames)
    chunks.push({ startFrame, frameCount: end - startFrame, firstSegment })
    return chunks
  }, [])
}

/** Segments per chunk. */
function sizes(segments: number): number[] {
  if (segments < MIN_SEGMENTS_TO_CUT) return [segments]
  const rest = segments - FIRST_CHUNK_SEGMENTS
  const count = Math.max(1, Math.round(rest / CHUNK_SEGMENTS))
  const share = (index: number) => Math.floor(((index + 1) * rest) / count) - Math.floor((index * rest) / count)
  return [FIRST_CHUNK_SEGMENTS, ...Array.from({ length: count }, (_, index) => share(index))]
}

function segmentAfter(chunks: Chunk[], segmentFrames: number): number {
  const last = chunks[chunks.length - 1]
  return last ? last.firstSegment + Math.ceil(last.frameCount / segmentFrames) : 0
}
