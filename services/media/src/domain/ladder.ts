import type { Rung, SourceFacts } from '@kinora/common/contracts'

/** Short side in pixels and cap in kbit/s; far enough apart that each is clearly smaller than the next. */
const STANDARD: readonly { shortSide: number; maxrate: number }[] = [
  { shortSide: 240, maxrate: 300 },
  { shortSide: 360, maxrate: 800 },
  { shortSide: 540, maxrate: 2000 },
  { shortSide: 720, maxrate: 3200 },
  { shortSide: 1080, maxrate: 5500 },
  { shortSide: 1440, maxrate: 9000 },
  { shortSide: 2160, maxrate: 16_000 },
]

/**
 * The renditions of a source, smallest first. A rung is named by its short side, so a portrait video gets the same names
 * as a landscape one. Nothing is ever enlarged: a source below the lowest rung keeps its own size.
 */
export function ladder({ width, height }: SourceFacts['video'], maxShortSide: number): Rung[] {
  const shortSide = Math.min(width, height)
  const fitting = STANDARD.filter((step) => step.shortSide <= Math.min(shortSide, maxShortSide))
  if (fitting.length > 0) return fitting.map((step) => scaled(width, height, step.shortSide, step.maxrate))
  return [scaled(width, height, evenBelow(shortSide), 300)]
}

function scaled(width: number, height: number, shortSide: number, maxrate: number): Rung {
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
