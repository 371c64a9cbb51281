import { isDeepStrictEqual } from 'node:util'
import { parse, setOptions, type types } from 'hls-parser'
import type { Master, MediaPlaylist } from './playlist-types.ts'

// Errors in a playlist are thrown; by default they are only printed.
setOptions({ strictMode: true, silent: true })

/** Throws unless hls-parser, which is not ours, reads the same from a master playlist as we do. */
export function assertSameMaster(text: string, { variants, iFrames, independentSegments }: Master): void {
  const other = parse(text)
  if (!other.isMasterPlaylist) throw new Error('hls-parser reads a media playlist')
  const ours = [
    ...variants.map(({ uri, attributes }) => [uri, attributes] as const),
    ...iFrames.map((attributes) => [attributes.URI, attributes] as const),
  ].map(([uri, { BANDWIDTH, CODECS, RESOLUTION }]) => [uri, Number(BANDWIDTH), CODECS, RESOLUTION])
  const byKind = [...other.variants].sort((a, b) => Number(a.isIFrameOnly ?? false) - Number(b.isIFrameOnly ?? false))
  const theirs = byKind.map(({ uri, bandwidth, codecs, resolution }) => [
    ...[uri, bandwidth, codecs, resolution && `${resolution.width}x${resolution.height}`],
  ])
  assertSame([independentSegments, ours], [other.independentSegments, theirs])
}

/** The same for a media playlist. */
export function assertSameMedia(text: string, playlist: MediaPlaylist): void {
  const other = parse(text)
  if (other.isMasterPlaylist) throw new Error('hls-parser reads a master playlist')
  const { targetDuration, playlistType, ended, iFramesOnly, mapUri, segments } = playlist
  assertSame(
    [targetDuration, playlistType, ended, iFramesOnly, mapUri, segments],
    [
      ...[other.targetDuration, other.playlistType ?? null, other.endlist, other.isIFrame ?? false],
      ...[other.segments[0]?.map?.uri ?? null, other.segments.map(segmentOf)],
    ],
  )
}

function segmentOf({ uri, duration, byterange }: types.Segment): MediaPlaylist['segments'][number] {
  const range = byterange ? { start: byterange.offset, end: byterange.offset + byterange.length } : null
  return { uri, seconds: duration, range }
}

function assertSame(ours: unknown, theirs: unknown): void {
  if (isDeepStrictEqual(ours, theirs)) return
  throw new Error(`hls-parser reads ${JSON.stringify(theirs)}, not ${JSON.stringify(ours)}`)
}
