import { posix } from 'node:path'
import { placeOf, type Storyboard, type StoryboardGrid, spriteName } from '@kinora/common/contracts'
import type { StorageKey, Store } from '@kinora/common/storage'
import { renderVtt } from '@kinora/formats/web-vtt'
import sharp, { type Sharp } from 'sharp'
import { encodeImage, getOrCreate, type ImageFormat } from './images.ts'

/** Widths of thumbnails in pixels. With the bounded number of frames in a storyboard they bound the files of a video. */
export const THUMBNAIL_WIDTHS = [80, 160, 240, 320]

/** Index of the frame for a time in seconds; after the end, the last frame. */
export function frameAt(time: number, { interval, count }: StoryboardGrid): number {
  return Math.min(count - 1, Math.floor(time / interval + 1e-6))
}

/** The storage key of one frame of the storyboard as an image. It is created at the first request, beside the sprites. */
export async function thumbnail(
  store: Store,
  storyboard: Storyboard,
  { index, width, format }: { index: number; width: number; format: ImageFormat },
): Promise<StorageKey> {
  const key = `${storyboard.folderKey}/thumbnail-${index}-${width}.${format}`
  return await getOrCreate(store, key, async () =>
    encodeImage((await cut(store, storyboard, index)).resize({ width, withoutEnlargement: true }), format),
  )
}

/** Cuts frame `index` from its sprite. */
async function cut(store: Store, storyboard: Storyboard, index: number): Promise<Sharp> {
  const { sprite, left, top } = placeOf(index, storyboard)
  const { width, height } = storyboard
  return sharp(await store.get(`${storyboard.folderKey}/${spriteName(sprite)}`)).extract({ left, top, width, height })
}

export const PREVIEW_TYPES = { webp: 'image/webp', gif: 'image/gif' } as const
export type PreviewFormat = keyof typeof PREVIEW_TYPES
export const PREVIEW_WIDTHS = [160, 320]

const MAX_FRAMES = 12
const FRAME_MS = 500

/** The storage key of an animation of up to 12 frames from the whole video. It is created as thumbnails are. */
export async function preview(
  store: Store,
  storyboard: Storyboard,
  { width, format }: { width: number; format: PreviewFormat },
): Promise<StorageKey> {
  const key = `${storyboard.folderKey}/preview-${width}.${format}`
  return await getOrCreate(store, key, async () => {
    const frames = await framesOf(store, storyboard, width)
    const [first] = frames
    if (!first) throw new Error('the storyboard has no frames')
    const { width: w, height, channels } = first.info
    // Sharp expects the frames of an animation one below the other.
    const strip = Buffer.concat(frames.map(({ data }) => data))
    const raw = { width: w, height: height * frames.length, channels, pageHeight: height }
    const animation = { loop: 0, delay: frames.map(() => FRAME_MS) }
    const animated = sharp(strip, { raw })
    return await (format === 'webp' ? animated.webp({ ...animation, quality: 60 }) : animated.gif(animation)).toBuffer()
  })
}

async function framesOf(store: Store, storyboard: Storyboard, width: number) {
  const count = Math.min(MAX_FRAMES, storyboard.count)
  const frames = []
  for (let frame = 0; frame < count; frame += 1) {
    const image = await cut(store, storyboard, Math.floor((frame * storyboard.count) / count))
    const small = image.resize({ width, withoutEnlargement: true }).removeAlpha()
    frames.push(await small.raw().toBuffer({ resolveWithObject: true }))
  }
  return frames
}

/**
 * The storyboard for players: WebVTT whose cues name a rectangle of a sprite, after `prefix`, with a media fragment
 * (https://www.w3.org/TR/media-frags/).
 */
export function storyboardVtt(storyboard: Storyboard, prefix: string): string {
  const { count, interval, width, height, folderKey } = storyboard
  const sprites = prefix + posix.basename(folderKey)
  const startOf = (index: number) => Math.round(index * interval * 1000)
  const cues = Array.from({ length: count }, (_, index) => {
    const { sprite, left, top } = placeOf(index, storyboard)
    const text = `${sprites}/${spriteName(sprite)}#xywh=${left},${top},${width},${height}`
    return { start: startOf(index), end: startOf(index + 1), settings: '', text }
  })
  return renderVtt(cues)
}
