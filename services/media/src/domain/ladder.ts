import type { Rung, SourceFacts } from '@kinora/common/contracts'

interface Step {
  /** Pixels. */
  shortSide: number
  /** Cap in kbit/s. */
  maxrate: number
}

const STANDARD: readonly Step[] = [
  { shortSide: 240, maxrate: 300 },
  { shortSide: 360, maxrate: 800 },
  { shortSide: 540, maxrate: 2000 },
  { shortSide: 720, maxrate: 3200 },
  { shortSide: 1080, maxrate: 5500 },
  { shortSide: 1440, maxrate: 9000 },
  { shortSide: 2160, maxrate: 16_000 },
]

/** A rung must be at most this share of the next one: viewers would not notice a smaller difference. */
const CLEARLY_SMALLER = 0.85

/**
 * The renditions of a source, smallest first: the standard sizes below it, and on top its own size or the largest that is
 * configured. No rendition is larger than the source. A rung is named by its short side, so a portrait video gets the same
 * names as a landscape one.
 */
export function ladder({ width, height }: SourceFacts['video'], maxShortSide: number): Rung[] {
  const top = evenBelow(Math.min(width, height, maxShortSide))
  const below = STANDARD.filter((step) => step.shortSide <= top * CLEARLY_SMALLER)
  return [...below, { shortSide: top, maxrate: capFor(top) }].map((step) => scaled(width, height, step))
}

/** Between two standard sizes the cap is interpolated. */
function capFor(shortSide: number): number {
  const above = STANDARD.findIndex((step) => step.shortSide >= shortSide)
  const [low, high] = [STANDARD[above - 1], STANDARD[above]]
  if (!high) return STANDARD.at(-1)?.maxrate ?? 0
  if (!low) return high.maxrate
  const share = (shortSide - low.shortSide) / (high.shortSide - low.shortSide)
  return Math.round(low.maxrate + share * (high.maxrate - low.maxrate))
}

function scaled(width: number, height: number, { shortSide, maxrate }: Step): Rung {
  const factor = shortSide / Math.min(width, height)
  const longSide = evenBelow(Math.max(width, height) * factor + 1)
  const name = `${shortSide}p`
  return width >= height
    ? { name, width: longSide, height: shortSide, maxrate }
    : { name, width: shortSide, height: longSide, maxrate }
}

/** 4:2:0 chroma needs even sides. `evenBelow(x + 1)` is x rounded to the nearest even number. */
function evenBelow(pixels: number): number {
  return Math.max(2, Math.floor(pixels / 2) * 2)
}

/**
 * Times the cap of its rung that a source may have where it is busiest. Phones record at four times what an
 * encode of that size needs; players on slower networks take the next smaller rendition.
 */
const REMUX_OVER_CAP = 5

/** The largest rung of a ladder where the source can be remuxed as it; null where it must be encoded. */
export function remuxRung({ video }: SourceFacts, rungs: readonly Rung[]): Rung | null {
  return fitting(video.copyable, video, rungs)
}

/** What an HEVC source is remuxed as, beside the H.264 rung of its size; null where it is only encoded. */
export function hevcRung({ video }: SourceFacts, rungs: readonly Rung[]): Rung | null {
  const top = fitting(video.copyableHevc, video, rungs)
  return top && { ...top, name: `${top.name}-hevc` }
}

function fitting(
  copyable: SourceFacts['video']['copyable'],
  { width, height }: SourceFacts['video'],
  rungs: readonly Rung[],
): Rung | null {
  const top = rungs.at(-1)
  if (!top || !copyable || copyable.part || top.width !== width || top.height !== height) return null
  return copyable.peakBitrate <= REMUX_OVER_CAP * top.maxrate * 1000 ? top : null
}
