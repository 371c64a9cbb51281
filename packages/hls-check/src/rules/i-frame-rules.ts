import type { Attributes, MediaPlaylist, SegmentEntry } from '@kinora/formats/hls'
import type { Findings } from '../findings.ts'
import type { PlacedKeyFrame, Rendition } from '../measure-rendition.ts'
import type { ReadPlaylist } from '../walk.ts'
import { peakBitrate } from './bitrate.ts'
import { ROUNDING } from './variant-rules.ts'

/** Seconds: EXTINF has six decimals. */
const SAME_LENGTH = 1e-5

/** The attributes of EXT-X-I-FRAME-STREAM-INF (RFC 8216 section 4.3.4.3). */
export function checkAnnounced(findings: Findings, attributes: Attributes): void {
  const missing = ['URI', 'BANDWIDTH', 'CODECS', 'RESOLUTION'].filter((attribute) => !attributes.has(attribute))
  findings.check('HLS-11', missing.length === 0, `EXT-X-I-FRAME-STREAM-INF lacks ${missing.join(', ')}`)
}

/**
 * Compares an I-frame playlist (section 4.3.3.6) with the key frames that were found in the segments of the renditions.
 * One that refers to other files stays unchecked.
 */
export function checkIFrames(
  findings: Findings,
  { url, name, playlist }: ReadPlaylist<MediaPlaylist>,
  attributes: Attributes,
  renditions: readonly Rendition[],
): void {
  findings.check('HLS-21', playlist.iFramesOnly, `${name} has no EXT-X-I-FRAMES-ONLY`)
  const placeOf = ({ uri, range }: SegmentEntry) => `${new URL(uri, url).href}@${range?.start ?? 0}`
  const found = renditions.map(({ segments }) => new Map(segments.flatMap(({ keyFrames }) => keyFrames.map(placed))))
  const index = found.findIndex((keyFrames) => playlist.segments.some((entry) => keyFrames.has(placeOf(entry))))
  const [rendition, keyFrames] = [renditions[index], found[index]]
  if (!rendition || !keyFrames) return
  const frames = playlist.segments.map((entry) => keyFrames.get(placeOf(entry)))
  playlist.segments.forEach(({ range, extinf }, at) => {
    const [frame, next] = [frames[at], frames[at + 1]?.start ?? endOf(rendition)]
    const isWhole = frame !== undefined && (range === null || range.end - range.start >= frame.bytes)
    findings.check('HLS-21', isWhole, `${name}, entry ${at} is not the range of a key frame`)
    const seconds = next - (frame?.start ?? next)
    const isRight = frame === undefined || Math.abs(extinf - seconds) < SAME_LENGTH
    findings.check('HLS-21', isRight, `${name}, entry ${at} says ${extinf} s, the next one follows after ${seconds} s`)
  })
  checkBandwidth(findings, name, playlist, attributes)
}

function checkBandwidth(findings: Findings, name: string, playlist: MediaPlaylist, attributes: Attributes): void {
  const fetched = playlist.segments.flatMap(({ range, extinf }) =>
    range ? [{ bytes: range.end - range.start, seconds: extinf }] : [],
  )
  const peak = peakBitrate(fetched, playlist.targetDuration)
  const bandwidth = Number(attributes.get('BANDWIDTH'))
  findings.check('HLS-12', peak <= bandwidth + ROUNDING, `${name} needs ${Math.ceil(peak)}, says ${bandwidth}`)
}

function placed(frame: PlacedKeyFrame): [string, PlacedKeyFrame] {
  return [`${frame.url}@${frame.offset}`, frame]
}

function endOf({ segments }: Rendition): number {
  const last = segments.at(-1)
  return last ? last.start + last.seconds : 0
}
