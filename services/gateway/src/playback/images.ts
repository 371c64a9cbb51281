import { posix } from 'node:path'
import { AppError } from '@kinora/common/errors'
import type { StorageKey, Store } from '@kinora/common/storage'
import sharp, { type Sharp } from 'sharp'
import { z } from 'zod'

/**
 * Stores the result of `make` under `key` unless a file is stored there. Returns `key`. Throws the errors of `serially`. Two
 * gateways may do this at the same time; they store equal files.
 */
export async function getOrCreate(store: Store, key: StorageKey, make: () => Promise<Buffer>): Promise<StorageKey> {
  if (await store.stat(key)) return key
  await serially(async () => {
    // Another request may have stored it meanwhile.
    if (!(await store.stat(key))) await store.put(key, await make())
  })
  return key
}

/** Images are encoded one at a time and on one thread, so that they do not slow down the gateway's other work. */
sharp.concurrency(1)
let last: Promise<unknown> = Promise.resolve()
const MAX_WAITING = 50
let waiting = 0

/** Calls `make` after all earlier calls have settled. Throws `DEPENDENCY_UNAVAILABLE` if 50 calls are waiting. */
export async function serially<T>(make: () => Promise<T>): Promise<T> {
  if (waiting >= MAX_WAITING) {
    throw new AppError('DEPENDENCY_UNAVAILABLE', { detail: 'Too many images are being encoded' })
  }
  waiting += 1
  const made = last.then(make)
  last = made.catch(() => {})
  try {
    return await made
  } finally {
    waiting -= 1
  }
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

/**
 * The storage key of a poster in this format and width in pixels (null: the original width). It is created at the first
 * request and stored in the folder of the original, so that both are removed together.
 */
export async function posterVariant(
  store: Store,
  original: StorageKey,
  format: ImageFormat,
  width: number | null,
): Promise<StorageKey> {
  if (format === 'jpg' && width === null) return original
  const key = `${posix.dirname(original)}/poster-${width ?? 'full'}.${format}`
  return await getOrCreate(store, key, async () => {
    const image = sharp(await store.get(original)).resize({ width: width ?? undefined, withoutEnlargement: true })
    return await encodeImage(image, format)
  })
}
