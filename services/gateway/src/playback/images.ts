import { posix } from 'node:path'
import { AppError } from '@kinora/common/errors'
import type { StorageKey, Store } from '@kinora/common/storage'
import sharp, { type Sharp } from 'sharp'
import { z } from 'zod'

/**
 * Has `make` produce what is not stored under `key` yet. Throws `DEPENDENCY_UNAVAILABLE` when too many others wait.
 * Two gateways may do it at the same time and store the same.
 */
export async function getOrCreate(store: Store, key: StorageKey, make: () => Promise<Buffer>): Promise<StorageKey> {
  if (await store.stat(key)) return key
  await serially(async () => {
    // Another request may have made it meanwhile.
    if (!(await store.stat(key))) await store.put(key, await make())
  })
  return key
}

/** Pictures are made one after another, on one thread: they must not slow down what else the gateway does. */
sharp.concurrency(1)
let turn: Promise<unknown> = Promise.resolve()
const MAX_WAITING = 50
let waiting = 0

/** Makes a picture when those before it are made. Throws `DEPENDENCY_UNAVAILABLE` when too many others wait. */
export async function serially<T>(make: () => Promise<T>): Promise<T> {
  if (waiting >= MAX_WAITING) {
    throw new AppError('DEPENDENCY_UNAVAILABLE', { detail: 'Too many pictures are being made' })
  }
  waiting += 1
  const made = turn.then(make)
  turn = made.catch(() => {})
  try {
    return await made
  } finally {
    waiting -= 1
  }
}

export const PICTURE_TYPES = { jpg: 'image/jpeg', webp: 'image/webp', avif: 'image/avif' } as const
export type ImageFormat = keyof typeof PICTURE_TYPES

export async function encodeImage(picture: Sharp, format: ImageFormat): Promise<Buffer> {
  const quality = format === 'avif' ? 50 : 78
  return await picture.toFormat(format === 'jpg' ? 'jpeg' : format, { quality }).toBuffer()
}

/** A width from a query that is one of these. */
export function listedWidth(widths: readonly number[]) {
  return z.coerce.number().refine((width) => widths.includes(width), `must be one of ${widths.join(', ')}`)
}

/** The only widths that are made, so that nobody can fill the store or keep the processor busy with new ones. */
export const POSTER_WIDTHS = [160, 320, 480, 640, 960, 1280, 1920]

/**
 * The storage key of a poster in this format and width (null: as it is), made at the first request and kept beside the
 * original, with which it is removed.
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
    const picture = sharp(await store.get(original)).resize({ width: width ?? undefined, withoutEnlargement: true })
    return await encodeImage(picture, format)
  })
}
