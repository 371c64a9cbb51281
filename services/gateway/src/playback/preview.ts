import type { Storyboard } from '@kinora/common/contracts'
import type { StorageKey, Store } from '@kinora/common/storage'
import sharp from 'sharp'
import { madeOnce } from './images.ts'
import { cut } from './storyboard.ts'

export const PREVIEW_TYPES = { webp: 'image/webp', gif: 'image/gif' } as const
export type PreviewFormat = keyof typeof PREVIEW_TYPES
export const PREVIEW_WIDTHS = [160, 320]

const MAX_FRAMES = 12
const FRAME_MS = 500

/** The storage key of a moving picture that leads through the whole video, made and kept as thumbnails are. */
export async function preview(
  store: Store,
  storyboard: Storyboard,
  { width, format }: { width: number; format: PreviewFormat },
): Promise<StorageKey> {
  const key = `${storyboard.folderKey}/preview-${width}.${format}`
  return await madeOnce(store, key, async () => {
    const frames = await framesOf(store, storyboard, width)
    const [first] = frames
    if (!first) throw new Error('a storyboard has pictures')
    const { width: w, height, channels } = first.info
    // One below the other is how sharp wants the frames of an animation.
    const strip = Buffer.concat(frames.map(({ data }) => data))
    const raw = { width: w, height: height * frames.length, channels, pageHeight: height }
    const animation = { loop: 0, delay: frames.map(() => FRAME_MS) }
    const moving = sharp(strip, { raw })
    return await (format === 'webp' ? moving.webp({ ...animation, quality: 60 }) : moving.gif(animation)).toBuffer()
  })
}

async function framesOf(store: Store, storyboard: Storyboard, width: number) {
  const count = Math.min(MAX_FRAMES, storyboard.count)
  const frames = []
  for (let frame = 0; frame < count; frame += 1) {
    const picture = await cut(store, storyboard, Math.floor((frame * storyboard.count) / count))
    const small = picture.resize({ width, withoutEnlargement: true }).removeAlpha()
    frames.push(await small.raw().toBuffer({ resolveWithObject: true }))
  }
  return frames
}
