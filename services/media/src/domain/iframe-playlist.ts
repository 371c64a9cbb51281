import { averageBitrate, type Measured, peakBitrate } from './bandwidth.ts'
import type { VideoPlan } from './plan.ts'
import { PLAYLIST_HEAD, playlistText } from './playlist-text.ts'
import type { VideoTrack } from './presentation.ts'

/** One key frame: the bytes of a file that a decoder needs, and the seconds until the next one. */
interface KeyFrame extends Measured {
  uri: string
  offset: number
}

/** A playlist of the key frames of a rendition, for players that search (RFC 8216 sections 4.3.3.6 and 4.3.4.3). */
export interface IFramePlaylist {
  name: string
  content: string
  /** Attributes for the master playlist. */
  attributes: string[]
}

/** Null for a rendition of which not all key frames were told. */
export function iFramePlaylist(track: VideoTrack, plan: VideoPlan): IFramePlaylist | null {
  const keyFrames = keyFramesOf(track, plan)
  if (!keyFrames) return null
  const name = `${track.rung.name}-iframes.m3u8`
  const seconds = Math.max(...keyFrames.map((keyFrame) => keyFrame.seconds))
  const content = [
    ...PLAYLIST_HEAD,
    `#EXT-X-TARGETDURATION:${Math.max(1, Math.round(seconds))}`,
    '#EXT-X-MEDIA-SEQUENCE:0',
    '#EXT-X-PLAYLIST-TYPE:VOD',
    '#EXT-X-I-FRAMES-ONLY',
    `#EXT-X-MAP:URI="${track.initUri}"`,
    ...keyFrames.flatMap(({ uri, offset, bytes, seconds: until }) => [
      `#EXTINF:${until.toFixed(6)},`,
      `#EXT-X-BYTERANGE:${bytes}@${offset}`,
      uri,
    ]),
    '#EXT-X-ENDLIST',
  ]
  const attributes = [
    `BANDWIDTH=${peakBitrate(keyFrames, seconds)}`,
    `AVERAGE-BANDWIDTH=${averageBitrate(keyFrames)}`,
    `CODECS="${track.codecs}"`,
    `RESOLUTION=${track.rung.width}x${track.rung.height}`,
    `URI="${name}"`,
  ]
  return { name, content: playlistText(content), attributes }
}

function keyFramesOf({ segments }: VideoTrack, { gopFrames, frameRate }: VideoPlan): KeyFrame[] | null {
  const gopSeconds = (gopFrames * frameRate.den) / frameRate.num
  const all: KeyFrame[] = []
  for (const { uri, seconds, keyFrames } of segments) {
    if (!keyFrames) return null
    keyFrames.forEach(([offset, bytes], index) => {
      all.push({ uri, offset, bytes, seconds: Math.min(gopSeconds, seconds - index * gopSeconds) })
    })
  }
  return all.length > 0 ? all : null
}
