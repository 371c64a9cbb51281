/** Controls, marks that reverse text (`exe.4pm` for `mp4.exe`), and lone surrogates, which PostgreSQL refuses. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu
/** Characters that some file systems do not allow in a name. */
const RESERVED = /[/\\:*?"<>|]/g
const MAX_SAVED_CHARACTERS = 120
/** RFC 8187 section 3.2.1 allows fewer characters than `encodeURIComponent` leaves. */
const NOT_ATTR_CHAR = /['()*]/g

/**
 * A `Content-Disposition` header that makes clients save the response as a file (RFC 6266), named `<title><suffix>`. The
 * title may be any text. The name is given in UTF-8 and, for clients that do not support that form, in ASCII.
 */
export function attachment(title: string, suffix: string): string {
  const name = `${fileStem(title)}${suffix}`
  const ascii = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^\x20-\x7e]/g, '_')
    // NFKD may have produced some of these.
    .replace(/[%/\\:*?"<>|]/g, '_')
  const encoded = encodeURIComponent(name).replace(
    NOT_ATTR_CHAR,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`
}

/** Without leading dots, which hide a file, and without trailing dots and blanks, which Windows drops. */
function fileStem(title: string): string {
  const stem = title
    .replace(INVISIBLE, '')
    .replace(RESERVED, ' ')
    .replace(/\s+/g, ' ')
    .replace(/^[. ]+/, '')
  const short = [...stem]
    .slice(0, MAX_SAVED_CHARACTERS)
    .join('')
    .replace(/[. ]+$/, '')
  return short === '' ? 'video' : short
}

const MAX_SOURCE_CHARACTERS = 255
/** Half of a surrogate pair, which cutting a text may leave. */
const LONE_SURROGATE = /\p{Cs}/gu

/**
 * The file name in a `Content-Disposition` header (RFC 6266), as `cleanFilename` returns it; null without one. It is only
 * displayed, never used as a path.
 */
export function sourceFilename(header: string | undefined): string | null {
  if (header === undefined) return null
  const raw = extendedValue(header) ?? plainValue(header)
  return raw === null ? null : cleanFilename(raw)
}

/** The value of `filename*=UTF-8''na%C3%AFve.mp4` (RFC 8187), which takes precedence over the plain form. */
function extendedValue(header: string): string | null {
  const match = /;\s*filename\*\s*=\s*(utf-8|iso-8859-1)'[^']*'([\w!#$%&+.^`|~-]+)/i.exec(header)
  if (match?.[2] === undefined) return null
  try {
    if (match[1]?.toLowerCase() === 'utf-8') return decodeURIComponent(match[2])
    return match[2].replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  } catch {
    return null
  }
}

/** The value of `filename="a \"quoted\" name.mp4"` or `filename=name.mp4`. */
function plainValue(header: string): string | null {
  const match = /;\s*filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))/i.exec(header)
  if (!match) return null
  // A backslash escapes a quote. Others are from the Windows paths that some browsers send.
  return utf8(match[1]?.replace(/\\(["\\])/g, '$1') ?? match[2] ?? '')
}

/** Node decodes headers as Latin-1, but clients send UTF-8 (RFC 9110 section 5.5 leaves the encoding open). */
function utf8(text: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(text, 'latin1'))
  } catch {
    return text
  }
}

/**
 * The last segment of a file name from a client, without control characters, at most 255 characters; null if it is empty.
 */
export function cleanFilename(raw: string): string | null {
  const last = raw.replace(INVISIBLE, '').split(/[/\\]/).at(-1) ?? ''
  const name = shorten(last.trim())
  return name === '' || name === '.' || name === '..' ? null : name
}

/** Shortens the stem and keeps the extension, which names the type of the file. */
function shorten(name: string): string {
  const extension = /\.\w{1,8}$/.exec(name)?.[0] ?? ''
  const stem = name.slice(0, name.length - extension.length)
  return stem.slice(0, MAX_SOURCE_CHARACTERS - extension.length).replace(LONE_SURROGATE, '') + extension
}
