import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Overlay } from '@kinora/common/contracts'
import type { Store } from '@kinora/common/storage'
import sharp from 'sharp'
import type { VideoWork } from '../domain/task-work.ts'
import { placeWatermark, type WatermarkBox } from '../domain/watermark-placement.ts'

/** A watermark for frames of one size. */
export interface Watermark extends WatermarkBox {
  /** RGBA, 8 bits each, not premultiplied. */
  pixels: Buffer
}

export type DrawWatermark = (frame: { width: number; height: number }) => Promise<Watermark>

/** Opens the image of a watermark; the result draws it for frames of any size. */
export async function openWatermark(store: Store, overlay: Overlay): Promise<DrawWatermark> {
  const image = await store.get(overlay.pictureKey)
  const size = await sharp(image).metadata()
  return async (frame) => {
    const box = placeWatermark(size, frame, overlay)
    const { width, height } = box
    const drawn = sharp(image).resize({ width, height, fit: 'fill' }).toColourspace('srgb').ensureAlpha().raw()
    return { ...box, pixels: faded(await drawn.toBuffer(), overlay.opacity) }
  }
}

/** A watermark in the size for one rung, as a file of raw RGBA in the workspace. */
export interface WatermarkFile extends WatermarkBox {
  file: string
}

/** Writes the watermark for each rung into the workspace; none for a video without a watermark. */
export async function writeWatermarks(
  { watermark, rungs }: VideoWork,
  { store, workspace }: { store: Store; workspace: string },
): Promise<WatermarkFile[]> {
  if (!watermark) return []
  const draw = await openWatermark(store, watermark)
  const files: WatermarkFile[] = []
  for (const rung of rungs) {
    const { pixels, ...box } = await draw(rung)
    const file = `mark-${rung.name}`
    await writeFile(join(workspace, file), pixels)
    files.push({ file, ...box })
  }
  return files
}

function faded(pixels: Buffer, opacity: number): Buffer {
  for (let alpha = 3; alpha < pixels.length; alpha += 4) pixels[alpha] = Math.round((pixels[alpha] ?? 0) * opacity)
  return pixels
}
