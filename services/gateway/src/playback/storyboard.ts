import { placeOf, type Storyboard, type StoryboardGrid, spriteName } from '@kinora/common/contracts'
import type { StorageKey, Store } from '@kinora/common/storage'
import sharp, { type Sharp } from 'sharp'
import { madeOnce } from './images.ts'
import { encodePicture, type PictureFormat } from './picture-format.ts'

/** With the grid's bounded number of pictures, all that can ever be made of one video. */
export const THUMBNAIL_WIDTHS = [80, 160, 240, 320]

/** The number of the picture that is shown for a time (seconds); behind the end it is the last. */
export function pictureAt(time: number, { interval, count }: StoryboardGrid): number {
  return Math.min(count - 1, Math.floor(time / interval + 1e-6))
}

/** The storage key of a picture of the storyboard, made at the first request and kept beside the sprites. */
export async function thumbnail(
  store: Store,
  storyboard: Storyboard,
  { index, width, format }: { index: number; width: number; format: PictureFormat },
): Promise<StorageKey> {
  const key = `${storyboard.folderKey}/thumbnail-${index}-${width}.${format}`
  return await madeOnce(store, key, async () =>
    encodePicture((await cut(store, storyboard, index)).resize({ width, withoutEnlargement: true }), format),
  )
}

/** Picture number `index`, cut from its sprite. */
export async function cut(store: Store, storyboard: Storyboard, index: number): Promise<Sharp> {
  const { sprite, left, top } = placeOf(index, storyboard)
  const { width, height } = storyboard
  return sharp(await store.get(`${storyboard.folderKey}/${spriteName(sprite)}`)).extract({ left, top, width, height })
}
