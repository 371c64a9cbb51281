import type { StorageKey, Store } from '@kinora/common/storage'
import { type Playlist, parseAttributes, tagValues } from '../media-tools/playlist.ts'
import type { KeyFrame } from '../media-tools/segment.ts'
import { type MeasuredRendition, readPlaylist } from './measure-rendition.ts'
import { peakBitrate } from './rendition-rules.ts'
import { rule } from './rule.ts'
import { openStored, resolveUri } from './stored-file.ts'

/** Seconds: EXTINF has six decimals. */
const ROUNDING = 1e-5

/** A key frame where it was found, and when it is shown. */
interface Found extends KeyFrame {
  key: StorageKey
}

/**
 * The I-frame playlists of a master (RFC 8216 section 4.3.4.3): there are none, or one for each rendition, with exactly the
 * key frames that its segments were found to have. Gives the bytes of these playlists.
 */
export async function checkIFrames(
  store: Store,
  master: Playlist,
  masterKey: StorageKey,
  renditions: readonly MeasuredRendition[],
): Promise<number> {
  const announced = tagValues(master, '#EXT-X-I-FRAME-STREAM-INF').map(parseAttributes)
  rule(
    announced.length === 0 || announced.length === renditions.length,
    'all renditions have an I-frame playlist, or none has',
    masterKey,
  )
  let bytes = 0
  for (const [index, attributes] of announced.entries()) {
    const bandwidth = Number(attributes.get('BANDWIDTH'))
    const uri = attributes.get('URI')
    const described = bandwidth > 0 && uri !== undefined && attributes.has('CODECS') && attributes.has('RESOLUTION')
    rule(described, 'every I-frame playlist is announced with bandwidth, codecs, size and address', masterKey)
    bytes += await checkOne(store, resolveUri(masterKey, uri), bandwidth, renditions[index] as MeasuredRendition)
  }
  return bytes
}

async function checkOne(store: Store, key: StorageKey, bandwidth: number, rendition: MeasuredRendition) {
  const text = (await store.get((await openStored(store, key)).key)).toString('utf8')
  const playlist = readPlaylist(text, key)
  const isOne = ['#EXT-X-I-FRAMES-ONLY', '#EXT-X-MAP', '#EXT-X-ENDLIST'].every(
    (name) => tagValues(playlist, name).length === 1,
  )
  rule(isOne, 'an I-frame playlist says that it is one, is closed and has an initialisation', key)
  const found = keyFramesOf(rendition)
  const durations = found.map(
    ({ decodeTime }, index) => (found[index + 1]?.decodeTime ?? endOf(rendition)) - decodeTime,
  )
  rule(playlist.entries.length === found.length, 'an I-frame playlist has every key frame', key)
  playlist.entries.forEach(({ uri, tags }, index) => {
    const { key: file, offset, bytes } = found[index] as Found
    const isThere = resolveUri(key, uri) === file && tags.get('#EXT-X-BYTERANGE') === `${bytes}@${offset}`
    rule(isThere, 'an I-frame playlist gives the place of each key frame', `${key}: ${uri}`)
    const seconds = (durations[index] ?? 0) / rendition.init.timescale
    const extinf = Number.parseFloat(tags.get('#EXTINF') ?? '')
    rule(
      Math.abs(extinf - seconds) < ROUNDING,
      'an I-frame playlist gives the time to the next key frame',
      `${key}: ${extinf}`,
    )
  })
  const segments = found.map(({ bytes }, index) => ({ bytes, duration: durations[index] ?? 0 }))
  const targetDuration = Number(tagValues(playlist, '#EXT-X-TARGETDURATION')[0])
  const peak = peakBitrate({ init: rendition.init, segments, targetDuration })
  rule(peak <= bandwidth + 1, 'no stretch of key frames needs more than its declared bandwidth', `${key}: ${peak}`)
  return text.length
}

function keyFramesOf({ segments }: MeasuredRendition): Found[] {
  return segments.flatMap(({ key, keyFrames }) => keyFrames.map((keyFrame) => ({ key, ...keyFrame })))
}

function endOf({ segments }: MeasuredRendition): number {
  const last = segments.at(-1)
  return last ? last.decodeTime + last.duration : 0
}
