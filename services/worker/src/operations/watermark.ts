import type { Overlay } from '@kinora/common/contracts'
import type { Store } from '@kinora/common/storage'
import sharp from 'sharp'
import { type Place, placeMark } from './mark-place.ts'

/** A watermark as it lies over frames of one size. */
export interface Mark extends Place {
  /** RGBA, 8 bits each, alpha not multiplied in. */
  pixels: Buffer
}

export type DrawMark = (frame: { width: number; height: number }) => Promise<Mark>

/** Gives what draws a watermark for each size of frames. */
export async function openWatermark(store: Store, overlay: Overlay): Promise<DrawMark> {
  const picture = await store.get(overlay.pictureKey)
  const size = await sharp(picture).metadata()
  return async (frame) => {
    const place = placeMark(size, frame, overlay)
    const { width, height } = place
    const drawn = sharp(picture).resize({ width, height, fit: 'fill' }).toColourspace('srgb').ensureAlpha().raw()
    return { ...place, pixels: faded(await drawn.toBuffer(), overlay.opacity) }
  }
}

function faded(pixels: Buffer, opacity: number): Buffer {
  for (let alpha = 3; alpha < pixels.length; alpha += 4) pixels[alpha] = Math.round((pixels[alpha] ?? 0) * opacity)
  return pixels
}
