import type { VideoPlan } from './plan.ts'
import { PLAYLIST_HEAD, playlistText } from './playlist-text.ts'
import type { PlaylistFile } from './playlists.ts'
import { captionsFile, captionsPlaylist, type StoredCaptions, secondsOf } from './timed-text.ts'

export const SUBTITLES_GROUP = 'captions'

/**
 * All text in one segment: unlike sound and pictures, subtitles may have a target duration of their own if their playlist
 * is closed (RFC 8216 section 6.2.4), and it is, also while the video is still being made.
 */
export function subtitlesPlaylist({ id }: StoredCaptions, plan: VideoPlan): PlaylistFile {
  const seconds = secondsOf(plan)
  const lines = [
    ...PLAYLIST_HEAD,
    `#EXT-X-TARGETDURATION:${Math.max(1, Math.round(seconds))}`,
    '#EXT-X-MEDIA-SEQUENCE:0',
    '#EXT-X-PLAYLIST-TYPE:VOD',
    `#EXTINF:${seconds.toFixed(6)},`,
    captionsFile(id),
    '#EXT-X-ENDLIST',
  ]
  return { name: captionsPlaylist(id), content: playlistText(lines) }
}

/** Names must differ within a group (section 4.3.4.1.1), and two languages may have been given the same label. */
export function subtitlesMedia({ id, lang, label }: StoredCaptions, all: readonly StoredCaptions[]): string {
  const isAlone = all.every((other) => other.id === id || other.label !== label)
  const attributes = [
    'TYPE=SUBTITLES',
    `GROUP-ID="${SUBTITLES_GROUP}"`,
    `NAME="${isAlone ? label : `${label} (${lang})`}"`,
    `LANGUAGE="${lang}"`,
    'DEFAULT=NO',
    'AUTOSELECT=YES',
    'FORCED=NO',
    `URI="${captionsPlaylist(id)}"`,
  ]
  return `#EXT-X-MEDIA:${attributes.join(',')}`
}
