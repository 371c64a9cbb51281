import { posix } from 'node:path'
import { placeOf, type Storyboard, spriteName } from '@kinora/common/contracts'

/**
 * The storyboard as players read it: WebVTT whose cues name a rectangle of a sprite by a media fragment
 * (https://www.w3.org/TR/media-frags/), by an address relative to this file's.
 */
export function storyboardVtt(storyboard: Storyboard): string {
  const { count, interval, width, height, folderKey } = storyboard
  const folder = posix.basename(folderKey)
  const cues = Array.from({ length: count }, (_, index) => {
    const { sprite, left, top } = placeOf(index, storyboard)
    const times = `${timestamp(index * interval)} --> ${timestamp((index + 1) * interval)}`
    return `${times}\n${folder}/${spriteName(sprite)}#xywh=${left},${top},${width},${height}\n`
  })
  return `WEBVTT\n\n${cues.join('\n')}`
}

function timestamp(seconds: number): string {
  const ms = Math.round(seconds * 1000)
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
  return `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two((ms / 1000) % 60)}.${String(ms % 1000).padStart(3, '0')}`
}
