import type { WatermarkPlace } from '@kinora/common/contracts'

interface Size {
  width: number
  height: number
}

export interface WatermarkBox extends Size {
  left: number
  top: number
}

/** Distance from the edge, as a share of the shorter side of the frame. */
const MARGIN = 0.03

/**
 * Places an image in a frame, in pixels: as wide as requested, or smaller where it would be too high. The result depends on
 * the size of the frame only, so that it is the same in every chunk of a rendition. Positions are even numbers, because
 * colour has half as many samples.
 */
export function placeWatermark(image: Size, frame: Size, { position, width: percent }: WatermarkPlace): WatermarkBox {
  const margin = even(Math.min(frame.width, frame.height) * MARGIN)
  const wanted = (frame.width * percent) / 100
  const factor = Math.min(wanted / image.width, (frame.height - 2 * margin) / image.height)
  const width = Math.max(1, Math.round(image.width * factor))
  const height = Math.max(1, Math.round(image.height * factor))
  const along = (side: string, free: number) => {
    if (position === 'center') return even(free / 2)
    return position.includes(side) ? margin : even(free - margin)
  }
  return { width, height, left: along('left', frame.width - width), top: along('top', frame.height - height) }
}

function even(size: number): number {
  return 2 * Math.floor(size / 2)
}
