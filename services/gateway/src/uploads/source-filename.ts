const MAX_CHARACTERS = 255
/** Half of a surrogate pair, which cutting at a length may leave and PostgreSQL refuses. */
const LONE_SURROGATE = /\p{Cs}/gu
/** C0 and C1 controls, and the marks that make text run backwards (`exe.4pm` for `mp4.exe`). */
const INVISIBLE = /[\p{Cc}\p{Cf}\u2028\u2029]/gu

/**
 * The file name in a `Content-Disposition` header (RFC 6266), cleaned: only its last path segment, no control
 * characters, at most 255 characters. It is shown, never used as a path. Null where there is none.
 */
export function sourceFilename(header: string | undefined): string | null {
  if (header === undefined) return null
  const raw = extendedValue(header) ?? plainValue(header)
  return raw === null ? null : cleanFilename(raw)
}

/** `filename*=UTF-8''na%C3%AFve.mp4` (RFC 8187); it wins over the plain form. */
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

/** `filename="a \"quoted\" name.mp4"` or `filename=name.mp4`. */
function plainValue(header: string): string | null {
  const match = /;\s*filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))/i.exec(header)
  if (!match) return null
  // A backslash escapes a quote; elsewhere it is what some browsers sent of a Windows path.
  return utf8(match[1]?.replace(/\\(["\\])/g, '$1') ?? match[2] ?? '')
}

/** Node hands out header bytes as Latin-1, but clients send UTF-8 (RFC 9110 section 5.5 calls them opaque). */
function utf8(text: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(text, 'latin1'))
  } catch {
    return text
  }
}

/** What may be shown of a file name that a client gave. */
export function cleanFilename(raw: string): string | null {
  const last = raw.replace(INVISIBLE, '').split(/[/\\]/).at(-1) ?? ''
  const name = shorten(last.trim())
  return name === '' || name === '.' || name === '..' ? null : name
}

/** Cuts the stem and keeps the extension, which says what the file is. */
function shorten(name: string): string {
  const extension = /\.\w{1,8}$/.exec(name)?.[0] ?? ''
  const stem = name.slice(0, name.length - extension.length)
  return stem.slice(0, MAX_CHARACTERS - extension.length).replace(LONE_SURROGATE, '') + extension
}
