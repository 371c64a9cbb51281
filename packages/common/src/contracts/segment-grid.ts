import type { FrameRate } from './source-facts.ts'

/** The usual distances of key frames and of segments. */
export interface Grid {
  /** Frames from one key frame to the next: as close to two seconds as whole frames allow. */
  gopFrames: number
  /** Frames of a usual segment. */
  segmentFrames: number
}

const GOP_SECONDS = 2
const GOPS_PER_SEGMENT = 3

export function segmentGrid({ num, den }: FrameRate): Grid {
  const gopFrames = Math.max(1, Math.round((GOP_SECONDS * num) / den))
  return { gopFrames, segmentFrames: gopFrames * GOPS_PER_SEGMENT }
}

/** A last segment that is shorter than this many seconds is part of the one before it: players stumble over it. */
const MIN_LAST_SECONDS = 0.5
/** No segment between two key frames of a source is longer. 250 frames, the default of x264, last 10.43 s at 23.976. */
const MAX_SEGMENT_SECONDS = 10.5

/** The first frame of each segment of a video whose key frames may be wherever they are wanted. */
export function regularCuts(frameCount: number, rate: FrameRate): number[] {
  const { gopFrames } = segmentGrid(rate)
  const keyFrames = Array.from({ length: Math.max(1, Math.ceil(frameCount / gopFrames)) }, (_, at) => at * gopFrames)
  return cutsAt(keyFrames, frameCount, rate) ?? [0]
}

/**
 * The first frame of each segment, where key frames are at `keyFrames` (ascending, the first at 0); undefined where two of
 * them are too far apart. All renditions are cut there, so that players can switch at every segment. The first three are
 * short, as a viewer waits for the first one.
 */
export function cutsAt(keyFrames: readonly number[], frameCount: number, rate: FrameRate): number[] | undefined {
  const { gopFrames, segmentFrames } = segmentGrid(rate)
  const places = [...keyFrames, frameCount]
  const longest = Math.max(gopFrames, Math.floor((MAX_SEGMENT_SECONDS * rate.num) / rate.den))
  const cuts: number[] = []
  for (let at = 0; at < places.length - 1; ) {
    const cut = places[at] ?? 0
    cuts.push(cut)
    const next = nextCut(places, at, { wanted: cut < segmentFrames ? gopFrames : segmentFrames, longest })
    if (next === undefined) return undefined
    at = next
  }
  const last = cuts.at(-1) ?? 0
  return cuts.length > 1 && (frameCount - last) * rate.den < MIN_LAST_SECONDS * rate.num ? cuts.slice(0, -1) : cuts
}

/**
 * The same segments, of which the first six seconds are cut once more where an encode has key frames: a rendition that is cut
 * at those of its source can begin with a long segment, all others need not.
 */
export function withShortStart(cuts: readonly number[], frameCount: number, rate: FrameRate): number[] {
  const { gopFrames, segmentFrames } = segmentGrid(rate)
  return cuts.flatMap((start, index) => {
    if (start >= segmentFrames) return [start]
    return keyFramesOfSegment((cuts[index + 1] ?? frameCount) - start, gopFrames).map((frame) => start + frame)
  })
}

/** The index of the place nearest to the wanted distance, of those that are not too near and not too far. */
function nextCut(
  places: readonly number[],
  at: number,
  { wanted, longest }: { wanted: number; longest: number },
): number | undefined {
  const distance = (index: number) => (places[index] ?? 0) - (places[at] ?? 0)
  let behind = at + 1
  while (behind < places.length - 1 && distance(behind) < wanted) behind += 1
  const before = behind - 1
  if (distance(behind) > longest) return before > at ? before : undefined
  const isNearer = wanted - distance(before) <= distance(behind) - wanted
  return isNearer && distance(before) >= wanted / 2 ? before : behind
}

/** What of a range of frames follows from its cuts. */
export interface CutRange {
  frameCount: number
  /** The first frame of each segment, counted in the range. Absent in what earlier versions stored. */
  cuts?: readonly number[] | undefined
  /** Frames of each segment but the last where there are no `cuts`. */
  segmentFrames: number
  frameRate: FrameRate
}

/** The range of a video task. */
export function cutRangeOf(work: {
  chunk: { frameCount: number; cuts?: readonly number[] | undefined }
  segmentFrames: number
  facts: { video: { frameRate: FrameRate } }
}): CutRange {
  const { chunk, segmentFrames, facts } = work
  return { frameCount: chunk.frameCount, cuts: chunk.cuts, segmentFrames, frameRate: facts.video.frameRate }
}

/** Number of segments of a range of frames that begins with a segment. */
export function segmentCount({ frameCount, cuts, segmentFrames, frameRate: { num, den } }: CutRange): number {
  if (cuts) return cuts.length
  const rest = frameCount % segmentFrames
  const whole = Math.floor(frameCount / segmentFrames)
  const isShort = rest * den < MIN_LAST_SECONDS * num
  return whole > 0 && isShort ? whole : Math.ceil(frameCount / segmentFrames)
}

/** The first frame of the segment with this index, counted in the range. */
export function startOfSegment(index: number, range: CutRange): number {
  return range.cuts ? (range.cuts[index] ?? range.frameCount) : index * range.segmentFrames
}

/** Frames of the segment with this index in the range. */
export function framesOfSegment(index: number, range: CutRange): number {
  const start = startOfSegment(index, range)
  return (index === segmentCount(range) - 1 ? range.frameCount : startOfSegment(index + 1, range)) - start
}

/** The frames of a segment that are encoded as key frames: the first, and others at about the usual distance. */
export function keyFramesOfSegment(frames: number, gopFrames: number): number[] {
  const groups = Math.max(1, Math.round(frames / gopFrames))
  return Array.from({ length: groups }, (_, group) => Math.floor((group * frames) / groups))
}
