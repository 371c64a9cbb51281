import { posix } from 'node:path'
import type { StorageKey, Store } from '@kinora/common/storage'
import sharp from 'sharp'
import { encodeImage, getOrCreate, type ImageFormat } from './images.ts'

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
