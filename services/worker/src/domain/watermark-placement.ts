import type { WatermarkPlace } from '@kinora/common/contracts'

interface Size {
  width: number
  height: number
}

export interface Place extends Size {
  left: number
  top: number
}

/** Of the shorter side of the frame. */
const MARGIN = 0.03

/**
 * Where a picture of these proportions lies in a frame, in pixels: as wide as was asked for, less where it would be too high.
 * It goes by the size of the frame alone, so that it is the same in every part of a rendition. Places are even numbers,
 * because colour has half as many samples.
 */
export function placeMark(picture: Size, frame: Size, { position, width: percent }: WatermarkPlace): Place {
  const margin = even(Math.min(frame.width, frame.height) * MARGIN)
  const wanted = (frame.width * percent) / 100
  const factor = Math.min(wanted / picture.width, (frame.height - 2 * margin) / picture.height)
  const width = Math.max(1, Math.round(picture.width * factor))
  const height = Math.max(1, Math.round(picture.height * factor))
  const along = (side: string, free: number) => {
    if (position === 'center') return even(free / 2)
    return position.includes(side) ? margin : even(free - margin)
  }
  return { width, height, left: along('left', frame.width - width), top: along('top', frame.height - height) }
}

function even(size: number): number {
  return 2 * Math.floor(size / 2)
}
