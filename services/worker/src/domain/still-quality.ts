/** Pixels are looked at in rows and columns this far apart: some ten thousand of a poster are enough. */
const STEP = 6
const CHANNELS = 3
/** Levels of luma, 0 to 255: what a viewer takes for black and for white. */
const [DARK, BRIGHT] = [24, 235]
/** Shares of the pixels that are left out at both ends, so that noise and a logo do not count as contrast. */
const TAIL = 0.05

/** From this quality on a still is worth showing; below, it is black, white or flat. */
export const SHOWABLE = 0.1

/**
 * How well RGB pixels serve as a poster, 0 to 1: the contrast of the frame, times the share of it that is neither black nor
 * white. A film's frames have 0.2 to 0.6; black, white, and a plain colour have 0; a title on black has less than 0.05.
 */
export function stillQuality(pixels: Uint8Array, width: number): number {
  const histogram = lumaHistogram(pixels, width)
  const count = histogram.reduce((sum, pixels) => sum + pixels, 0)
  const share = (from: number, to: number) => histogram.subarray(from, to).reduce((sum, n) => sum + n, 0) / count
  const exposed = 1 - Math.max(share(0, DARK), share(BRIGHT, 256))
  return count === 0 ? 0 : ((levelAt(histogram, (1 - TAIL) * count) - levelAt(histogram, TAIL * count)) / 255) * exposed
}

function lumaHistogram(pixels: Uint8Array, width: number): Uint32Array {
  const histogram = new Uint32Array(256)
  const rows = Math.floor(pixels.length / CHANNELS / width)
  for (let row = 0; row < rows; row += STEP) {
    for (let column = 0; column < width; column += STEP) {
      const at = (row * width + column) * CHANNELS
      const [red = 0, green = 0, blue = 0] = pixels.subarray(at, at + CHANNELS)
      const luma = Math.round(0.2126 * red + 0.7152 * green + 0.0722 * blue)
      histogram[luma] = (histogram[luma] ?? 0) + 1
    }
  }
  return histogram
}

/** The level below which there are `rank` pixels. */
function levelAt(histogram: Uint32Array, rank: number): number {
  let below = 0
  for (const [level, pixels] of histogram.entries()) {
    below += pixels
    if (below > rank) return level
  }
  return 255
}
