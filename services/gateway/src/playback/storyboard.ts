import { posix } from 'node:path'
import { placeOf, type Storyboard, type StoryboardGrid, spriteName } from '@kinora/common/contracts'
import type { StorageKey, Store } from '@kinora/common/storage'
import { renderVtt } from '@kinora/formats/web-vtt'
import sharp, { type Sharp } from 'sharp'
import { encodeImage, getOrCreate, type ImageFormat } from './images.ts'

/** With the grid's bounded number of pictures, all that can ever be made of one video. */
export const THUMBNAIL_WIDTHS = [80, 160, 240, 320]

/** The number of the picture that is shown for a time (seconds); behind the end it is the last. */
export function frameAt(time: number, { interval, count }: StoryboardGrid): number {
  return Math.min(count - 1, Math.floor(time / interval + 1e-6))
}

/** The storage key of a picture of the storyboard, made at the first request and kept beside the sprites. */
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

/** Picture number `index`, cut from its sprite. */
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

/** The storage key of a moving picture that leads through the whole video, made and kept as thumbnails are. */
export async function preview(
  store: Store,
  storyboard: Storyboard,
  { width, format }: { width: number; format: PreviewFormat },
): Promise<StorageKey> {
  const key = `${storyboard.folderKey}/preview-${width}.${format}`
  return await getOrCreate(store, key, async () => {
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

/**
 * The storyboard as players read it: WebVTT whose cues name a rectangle of a sprite by a media fragment
 * (https://www.w3.org/TR/media-frags/), by an address relative to this file's.
 */
export function storyboardVtt(storyboard: Storyboard): string {
  const { count, interval, width, height, folderKey } = storyboard
  const folder = posix.basename(folderKey)
  const startOf = (index: number) => Math.round(index * interval * 1000)
  const cues = Array.from({ length: count }, (_, index) => {
    const { sprite, left, top } = placeOf(index, storyboard)
    const text = `${folder}/${spriteName(sprite)}#xywh=${left},${top},${width},${height}`
    return { start: startOf(index), end: startOf(index + 1), settings: '', text }
  })
  return renderVtt(cues)
}
