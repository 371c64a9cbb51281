import { readFragment, type SampleDefaults } from './fragment.ts'
import { type ReadBytes, topLevelBoxes } from './mp4-boxes.ts'

export interface Segment {
  bytes: number
  decodeTime: number
  duration: number
  samples: number
  startsWithSync: boolean
  /** The first pictures of fragments that begin with a key frame, in order. */
  keyFrames: KeyFrame[]
}

export interface KeyFrame {
  /** Where in the file its `moof` begins, and the bytes from there to its end. */
  offset: number
  bytes: number
  decodeTime: number
}

/** Reads a media segment's headers, never its pictures. Throws `RangeError` where it breaks the format or is cut off. */
export async function readSegment(read: ReadBytes, bytes: number, defaults: SampleDefaults): Promise<Segment> {
  let segment: Segment | undefined
  let promised = 0
  for await (const box of topLevelBoxes(read, bytes)) {
    if (box.end > bytes) throw new RangeError(`the ${box.type} box is cut off`)
    if (box.type === 'mdat') promised -= box.end - box.body
    if (box.type !== 'moof') continue
    const moof = { type: 'moof', start: 0, body: box.body - box.start, end: box.end - box.start }
    const fragment = readFragment(await read(box.start, box.end), moof, defaults)
    promised += fragment.bytes
    if (segment && fragment.decodeTime !== segment.decodeTime + segment.duration) {
      throw new RangeError('fragments do not follow one another')
    }
    const { decodeTime, startsWithSync, firstSampleEnd } = fragment
    segment ??= { bytes, decodeTime, duration: 0, samples: 0, startsWithSync, keyFrames: [] }
    if (startsWithSync) segment.keyFrames.push({ offset: box.start, bytes: firstSampleEnd, decodeTime })
    segment.samples += fragment.samples
    segment.duration += fragment.duration
  }
  if (!segment || segment.samples === 0) throw new RangeError('there is no picture or sound in it')
  if (promised !== 0) throw new RangeError('its samples do not fill it')
  return segment
}
