/** An HLS playlist (RFC 8216), as far as our own need it. */
export interface Playlist {
  /** Tags before or between the entries, in order, with their text after the colon. */
  tags: { name: string; value: string }[]
  /** Addresses with the tags that stand right before them. */
  entries: { uri: string; tags: Map<string, string> }[]
}

/** Throws `SyntaxError` on what is no playlist. */
export function parsePlaylist(text: string): Playlist {
  const lines = text.split(/\r?\n/).filter((line) => line !== '')
  if (lines[0] !== '#EXTM3U') throw new SyntaxError('the first line is not #EXTM3U')
  const playlist: Playlist = { tags: [], entries: [] }
  let pending = new Map<string, string>()
  for (const line of lines.slice(1)) {
    if (line.startsWith('#EXT')) {
      const colon = line.indexOf(':')
      const [name, value] = colon < 0 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1)]
      playlist.tags.push({ name, value })
      pending.set(name, value)
    } else if (!line.startsWith('#')) {
      playlist.entries.push({ uri: line, tags: pending })
      pending = new Map()
    }
  }
  return playlist
}

/** Attribute lists of section 4.2: `BANDWIDTH=1,CODECS="avc1,mp4a"`; quotes are taken off. */
export function parseAttributes(value: string): Map<string, string> {
  const pairs = value.matchAll(/([A-Z0-9-]+)=(?:"([^"]*)"|([^,]*))/g)
  return new Map([...pairs].map(([, name = '', quoted, bare]) => [name, quoted ?? bare ?? '']))
}

/** Values of all tags of that name. */
export function tagValues({ tags }: Playlist, name: string): string[] {
  return tags.filter((tag) => tag.name === name).map(({ value }) => value)
}
