import { MASTER_PLAYLIST } from '@kinora/common/storage'

/** A file that a player may fetch, from the path after the playback reference. `height` is null for audio and captions. */
export type PlayedFile =
  | { kind: 'master' }
  | { kind: 'playlist'; name: string; height: number | null }
  | { kind: 'segment'; path: string; contentType: string; height: number | null }

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'
const PLAYLIST = /^[a-z0-9]+(?:-[a-z0-9]+)*\.m3u8$/
const ATTEMPT = `${UUID}-\\d{1,6}`
/**
 * `<task>-<attempt>/[<rendition>/]<file>`. In such folders there are also posters and downloads, which have routes of their
 * own, with rules of their own. So a file is served here only if it has the name of a segment, and the height is known of
 * all that is not audio.
 */
const SEGMENT = new RegExp(`^${ATTEMPT}/(?:(\\d{1,5}p(?:-hevc)?)/)?(?:init\\.mp4|\\d{1,9}\\.m4s)$`)
const SPRITE = new RegExp(`^${ATTEMPT}/sprite-\\d{1,6}\\.jpg$`)
/** Captions in WebVTT, which the playlists of subtitles name. */
const CAPTIONS = new RegExp(`^captions-${UUID}\\.vtt$`)
/** Renditions are named by their short side in pixels: `720p`, `720p-hevc`, and `720p-iframes` for an I-frame playlist. */
const HEIGHT = /^(\d{1,5})p/

/** Parses a path; null unless it has exactly the form of a file that Kinora writes. Only such paths become storage keys. */
export function playedFile(path: string): PlayedFile | null {
  if (path === MASTER_PLAYLIST) return { kind: 'master' }
  if (PLAYLIST.test(path)) return { kind: 'playlist', name: path, height: heightOf(path) }
  if (CAPTIONS.test(path)) return { kind: 'segment', path, contentType: 'text/vtt; charset=utf-8', height: null }
  if (SPRITE.test(path)) return { kind: 'segment', path, contentType: 'image/jpeg', height: null }
  const segment = SEGMENT.exec(path)
  return segment && { kind: 'segment', path, contentType: 'video/mp4', height: heightOf(segment[1]) }
}

/** Short side in pixels of the rendition that a name begins with; null for others. */
export function heightOf(name: string | undefined): number | null {
  const digits = HEIGHT.exec(name ?? '')?.[1]
  return digits === undefined ? null : Number(digits)
}

const RESOLUTION = /[:,]RESOLUTION=(\d+)x(\d+)/

/**
 * Removes the variants whose short side is above `maxHeight` pixels from a master playlist (RFC 8216 section 4.3.4).
 * @returns null if no variant with video is left; a master of audio alone stays as it is
 */
export function limitHeight(master: string, maxHeight: number): string | null {
  const kept: string[] = []
  let videoVariants = 0
  let dropUri = false
  for (const line of master.split('\n')) {
    const isVariant = line.startsWith('#EXT-X-STREAM-INF:')
    if (dropUri && line !== '' && !line.startsWith('#')) {
      dropUri = false
      continue
    }
    if ((isVariant || line.startsWith('#EXT-X-I-FRAME-STREAM-INF:')) && shortSide(line) > maxHeight) {
      // The URI of a variant is on the next line; that of an I-frame playlist is an attribute.
      dropUri = isVariant
      continue
    }
    if (isVariant && RESOLUTION.test(line)) videoVariants += 1
    kept.push(line)
  }
  return videoVariants === 0 && RESOLUTION.test(master) ? null : kept.join('\n')
}

function shortSide(line: string): number {
  const [, width, height] = RESOLUTION.exec(line) ?? []
  return Math.min(Number(width ?? 0), Number(height ?? 0))
}

const MAP_URI = /^(#EXT-X-MAP:(?:.*,)?URI=")([^"]*)(".*)$/

/** A media playlist whose segments and initialisation sections are named below `folder`. */
export function withSharedUris(playlist: string, folder: string): string {
  const shared = (uri: string) => (playedFile(uri)?.kind === 'segment' ? `${folder}/${uri}` : uri)
  const lines = playlist.split('\n').map((line) => {
    if (!line.startsWith('#')) return shared(line)
    return line.replace(MAP_URI, (_all, before: string, uri: string, after: string) => before + shared(uri) + after)
  })
  return lines.join('\n')
}
