import { boxesIn } from './boxes.ts'
import { readFragments } from './fragment.ts'
import { type InitSegment, mainTrack } from './init-segment.ts'

/** What a media segment contains of its main track. */
export interface Segment {
  bytes: number
  /** Ticks, as `duration`. */
  decodeTime: number
  duration: number
  samples: number
  /** When the earliest of its samples is shown, before the edit list. */
  shownAt: number
  startsWithSync: boolean
  /** The first frames of fragments that begin with a key frame, in order. */
  keyFrames: KeyFrame[]
}

export interface KeyFrame {
  /** Where in the file its `moof` begins, and the bytes from there to the end of the frame. */
  offset: number
  bytes: number
  decodeTime: number
}

/** Reads the headers of a media segment, never its frames. Throws `RangeError` when it is malformed or cut off. */
export function readSegment(buffer: Buffer, init: InitSegment): Segment {
  const track = mainTrack(init)
  let segment: Segment | undefined
  let missing = 0
  for (const box of boxesIn(buffer)) {
    if (box.type === 'mdat') missing -= box.end - box.body
    if (box.type !== 'moof') continue
    for (const fragment of readFragments(buffer, box, init.tracks)) {
      missing += fragment.bytes
      if (fragment.trackId !== track.id) continue
      const { decodeTime, shownAt, startsWithSync, firstSampleEnd } = fragment
      segment ??= { bytes: buffer.length, decodeTime, duration: 0, samples: 0, shownAt, startsWithSync, keyFrames: [] }
      if (decodeTime !== segment.decodeTime + segment.duration) {
        throw new RangeError('fragments do not follow one another')
      }
      if (startsWithSync) segment.keyFrames.push({ offset: box.start, bytes: firstSampleEnd, decodeTime })
      segment.samples += fragment.samples
      segment.shownAt = Math.min(segment.shownAt, shownAt)
      segment.duration += fragment.duration
    }
  }
  if (!segment || segment.samples === 0) throw new RangeError('it has no samples of its main track')
  if (missing > 0) throw new RangeError('it has fewer bytes of samples than its headers say')
  return segment
}
