/** A tag of an HLS playlist, with its text after the colon. */
export interface Tag {
  name: string
  value: string
}

/** An address with the tags between the previous address and it. */
export interface Entry {
  uri: string
  tags: Tag[]
}

/** Entries in order, and the tags after the last entry. */
export interface PlaylistLines {
  entries: Entry[]
  rest: Tag[]
}

const FIRST_LINE = '#EXTM3U'

/** Splits a playlist (RFC 8216 section 4.1). Throws `SyntaxError` when the first line is wrong. */
export function splitPlaylist(text: string): PlaylistLines {
  const lines = text.split(/\r?\n/)
  if (lines[0] !== FIRST_LINE) throw new SyntaxError(`the first line is not ${FIRST_LINE}`)
  const entries: Entry[] = []
  let rest: Tag[] = []
  for (const line of lines.slice(1)) {
    if (line.startsWith('#EXT')) {
      const colon = line.indexOf(':')
      rest.push(colon < 0 ? { name: line, value: '' } : { name: line.slice(0, colon), value: line.slice(colon + 1) })
    } else if (line !== '' && !line.startsWith('#')) {
      entries.push({ uri: line, tags: rest })
      rest = []
    }
  }
  return { entries, rest }
}

/** The value of the last tag with that name. */
export function textOf(tags: readonly Tag[], name: string): string | undefined {
  return tags.findLast((tag) => tag.name === name)?.value
}

/** The same as a number; undefined without the tag. Throws `SyntaxError` when the value is not a number. */
export function numberOf(tags: readonly Tag[], name: string): number | undefined {
  const value = textOf(tags, name)
  if (value === undefined) return undefined
  if (!/^\d+(\.\d+)?$/.test(value)) throw new SyntaxError(`${name}:${value} is not a number`)
  return Number(value)
}

export type Attributes = ReadonlyMap<string, string>

const ATTRIBUTE = /([A-Z0-9-]+)=("[^"\r\n]*"|[^",\s][^",]*)(?:,|$)/y

/** Attribute lists of section 4.2: `BANDWIDTH=1,CODECS="avc1,mp4a"`; quotes are removed. Throws `SyntaxError`. */
export function parseAttributes(text: string): Attributes {
  const attributes = new Map<string, string>()
  for (let at = 0; at < text.length; ) {
    ATTRIBUTE.lastIndex = at
    const [found, name = '', value = ''] = ATTRIBUTE.exec(text) ?? []
    if (found === undefined) throw new SyntaxError(`not an attribute list: ${text.slice(at, at + 60)}`)
    if (attributes.has(name)) throw new SyntaxError(`${name} appears twice in an attribute list`)
    attributes.set(name, value.replace(/^"|"$/g, ''))
    at += found.length
  }
  return attributes
}
