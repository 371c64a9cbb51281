/**
 * How all playlists begin. EXT-X-MAP outside I-frame playlists needs version 6, and fragmented MP4 is commonly announced
 * with 7.
 */
export const PLAYLIST_HEAD = ['#EXTM3U', '#EXT-X-VERSION:7']

export function playlistText(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`
}
