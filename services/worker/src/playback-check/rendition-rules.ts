import type { FrameRate } from '@kinora/common/contracts'
import type { MeasuredRendition, MeasuredSegment } from './measure-rendition.ts'
import { rule } from './rule.ts'

/** Seconds of arithmetic noise that are no difference. */
const EPSILON = 1e-6

export function seconds({ init, segments }: MeasuredRendition): number {
  return segments.reduce((sum, { duration }) => sum + duration, 0) / init.timescale
}

/** What holds for sound and picture alike. `unit` is the length of a frame in seconds. */
export function checkRendition(rendition: MeasuredRendition, unit: number): void {
  const { key, init, segments, targetDuration } = rendition
  let at = 0
  for (const { decodeTime, duration, extinf } of segments) {
    rule(decodeTime === at, 'each segment begins where the one before it ends', `${key} at ${decodeTime}, not ${at}`)
    at += duration
    const difference = Math.abs(extinf - duration / init.timescale)
    rule(difference <= unit + EPSILON, 'playlists give the length of each segment to the frame', `${key} ${extinf}`)
    rule(Math.round(extinf) <= targetDuration, 'no segment is longer than the target duration', `${key} ${extinf}`)
  }
}

export function checkVideo(rendition: MeasuredRendition, frameRate: FrameRate, frameCount: number): void {
  const { key, init, segments } = rendition
  checkRendition(rendition, frameRate.den / frameRate.num)
  const starts = segments.every(({ startsWithSync }) => startsWithSync)
  rule(init.kind === 'video' && starts, 'every segment begins with a key frame', key)
  const frames = segments.reduce((sum, { samples }) => sum + samples, 0)
  rule(frames === frameCount, 'every rendition has all frames', `${key} has ${frames} of ${frameCount}`)
}

/** A player changes rendition between segments, so those must begin and end together. */
export function checkSameBoundaries(renditions: MeasuredRendition[]): void {
  const [first, ...others] = renditions
  if (!first) return
  const ends = boundaries(first)
  for (const other of others) {
    const same = boundaries(other).every((end, index) => Math.abs(end - (ends[index] ?? -1)) < EPSILON)
    rule(same && other.segments.length === ends.length, 'all renditions are cut at the same places', other.key)
  }
}

function boundaries({ init, segments }: MeasuredRendition): number[] {
  return segments.map(({ decodeTime, duration }) => (decodeTime + duration) / init.timescale)
}

type Weighed = Pick<MeasuredSegment, 'bytes' | 'duration'>
type Stretches = Pick<MeasuredRendition, 'init' | 'targetDuration'> & { segments: Weighed[] }

/**
 * Bits a second of the busiest stretch between half and one and a half target durations (RFC 8216 section 4.1); 0 when
 * the whole is shorter than that. The target is a rounded number of seconds, so stretches at either limit are left out.
 */
export function peakBitrate({ init, segments, targetDuration }: Stretches): number {
  let peak = 0
  segments.forEach((_, from) => {
    let [bytes, time] = [0, 0]
    for (const segment of stretch(segments, from)) {
      bytes += segment.bytes
      time += segment.duration / init.timescale
      if (time > 1.49 * targetDuration) break
      if (time >= 0.51 * targetDuration) peak = Math.max(peak, (bytes * 8) / time)
    }
  })
  return peak
}

function* stretch(segments: Weighed[], from: number): Generator<Weighed> {
  for (let index = from; index < segments.length; index += 1) yield segments[index] as Weighed
}
