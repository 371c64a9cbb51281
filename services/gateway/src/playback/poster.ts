import { posix } from 'node:path'
import { AppError } from '@kinora/common/errors'
import type { Store } from '@kinora/common/storage'
import sharp from 'sharp'

export const POSTER_FORMATS = { jpg: 'image/jpeg', webp: 'image/webp', avif: 'image/avif' } as const
export type PosterFormat = keyof typeof POSTER_FORMATS

/** The only widths that are made, so that nobody can fill the store or keep the processor busy with new ones. */
export const POSTER_WIDTHS = [160, 320, 480, 640, 960, 1280, 1920]

/** Pictures are made one after another, on one thread: they must not slow down what else the gateway does. */
sharp.concurrency(1)
let turn: Promise<unknown> = Promise.resolve()
const MAX_WAITING = 50
let waiting = 0

/**
 * The storage key of a poster in this format and width (null: as it is), made at the first request and kept beside the
 * original, with which it is removed.
 */
export async function posterVariant(
  store: Store,
  original: string,
  format: PosterFormat,
  width: number | null,
): Promise<string> {
  if (format === 'jpg' && width === null) return original
  const key = `${posix.dirname(original)}/poster-${width ?? 'full'}.${format}`
  if (await store.stat(key)) return key
  if (waiting >= MAX_WAITING)
    throw new AppError('DEPENDENCY_UNAVAILABLE', { detail: 'Too many pictures are being made' })
  waiting += 1
  const made = turn.then(() => make(store, original, key, format, width))
  turn = made.catch(() => {})
  try {
    await made
  } finally {
    waiting -= 1
  }
  return key
}

async function make(store: Store, original: string, key: string, format: PosterFormat, width: number | null) {
  // Another request may have made it meanwhile.
  if (await store.stat(key)) return
  const picture = sharp(await store.get(original)).resize({ width: width ?? undefined, withoutEnlargement: true })
  await store.put(
    key,
    await picture.toFormat(format === 'jpg' ? 'jpeg' : format, { quality: format === 'avif' ? 50 : 78 }).toBuffer(),
  )
}
