import { posix } from 'node:path'
import { placeOf, type Storyboard, spriteName } from '@kinora/common/contracts'
import { renderVtt } from '@kinora/formats/web-vtt'

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
