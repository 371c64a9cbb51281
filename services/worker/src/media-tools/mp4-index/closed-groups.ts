import type { PictureTrack } from './picture-track.ts'

/**
 * Whether each group of so many frames begins with a key frame and is decoded without any other: all that is shown of a
 * group is decoded in it, each frame in a place of its own, the first one first. More key frames in between do no harm.
 */
export function hasClosedGroups({ sizes, syncs, offsets, step }: PictureTrack, gopFrames: number): boolean {
  if (!haveSyncAtEach(syncs, gopFrames, sizes.length)) return false
  const [first = 0] = offsets
  const taken = new Uint8Array(sizes.length)
  for (let decoded = 0; decoded < sizes.length; decoded += 1) {
    const shown = decoded + ((offsets[decoded] ?? 0) - first) / step
    const group = Math.floor(decoded / gopFrames)
    const isFirst = decoded === group * gopFrames
    const fits = Number.isInteger(shown) && shown < sizes.length && Math.floor(shown / gopFrames) === group
    if (!fits || taken[shown] || (isFirst && shown !== decoded)) return false
    taken[shown] = 1
  }
  return true
}

function haveSyncAtEach(syncs: PictureTrack['syncs'], gopFrames: number, samples: number): boolean {
  if (syncs === null) return true
  const onGrid = syncs.filter((sync) => sync % gopFrames === 0)
  return onGrid.length === Math.ceil(samples / gopFrames)
}
