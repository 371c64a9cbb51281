import { posix } from 'node:path'
import type { StorageKey, Store } from '@kinora/common/storage'
import sharp, { type Sharp } from 'sharp'
import { z } from 'zod'
import { ImageLane } from './image-lane.ts'

/** Further images of one poster or storyboard at the same time are refused. */
const lane = new ImageLane({ perKey: 50, refusal: 'DEPENDENCY_UNAVAILABLE' })

/**
 * Stores the result of `make` under `key` unless a file is stored there. Returns `key`. Throws the errors of `ImageLane`. Two
 * gateways may do this at the same time; they store equal files.
 */
export async function getOrCreate(store: Store, key: StorageKey, make: () => Promise<Buffer>): Promise<StorageKey> {
  if (await store.stat(key)) return key
  await lane.run(posix.dirname(key), async () => {
    // Another request may have stored it meanwhile.
    if (!(await store.stat(key))) await store.put(key, await make())
  })
  return key
}

export const PICTURE_TYPES = { jpg: 'image/jpeg', webp: 'image/webp', avif: 'image/avif' } as const
export type ImageFormat = keyof typeof PICTURE_TYPES

/** Encodes an image with quality 50 (AVIF) or 78 (JPEG, WebP). */
export async function encodeImage(image: Sharp, format: ImageFormat): Promise<Buffer> {
  const quality = format === 'avif' ? 50 : 78
  return await image.toFormat(format === 'jpg' ? 'jpeg' : format, { quality }).toBuffer()
}

/** Schema of a width in a query; it must be one of `widths`. */
export function listedWidth(widths: readonly number[]) {
  return z.coerce.number().refine((width) => widths.includes(width), `must be one of ${widths.join(', ')}`)
}

/** The only widths of posters in pixels, so that requests for others cannot fill the store or occupy the processor. */
export const POSTER_WIDTHS = [160, 320, 480, 640, 960, 1280, 1920]

/** Short sides in pixels of the posters of links with a `maxHeight`, which get the largest that is not above it. */
const POSTER_HEIGHTS = [100, 144, 240, 360, 480, 720, 1080, 1440, 2160]

/**
 * The storage key of a poster in this format and width in pixels (null: the original width), whose short side is at most
 * `maxHeight` pixels (null: any). It is created at the first request and stored in the folder of the original, so that both
 * are removed together.
 */
export async function posterVariant(
  store: Store,
  original: StorageKey,
  format: ImageFormat,
  { width, maxHeight }: { width: number | null; maxHeight: number | null },
): Promise<StorageKey> {
  if (format === 'jpg' && width === null && maxHeight === null) return original
  const within = maxHeight === null ? null : (POSTER_HEIGHTS.findLast((height) => height <= maxHeight) ?? MIN_HEIGHT)
  const name = within === null ? `poster-${width ?? 'full'}` : `poster-${width ?? 'full'}-within-${within}`
  return await getOrCreate(store, `${posix.dirname(original)}/${name}.${format}`, async () => {
    const image = sharp(await store.get(original))
    const size = { width: await posterWidth(image, width, within), withoutEnlargement: true }
    return await encodeImage(image.resize(size), format)
  })
}

const MIN_HEIGHT = 100

async function posterWidth(image: Sharp, width: number | null, within: number | null): Promise<number | undefined> {
  if (within === null) return width ?? undefined
  const original = await image.metadata()
  const short = Math.min(original.width, original.height)
  const limited = short <= within ? original.width : Math.max(1, Math.floor((original.width * within) / short))
  return Math.min(limited, width ?? limited)
}
