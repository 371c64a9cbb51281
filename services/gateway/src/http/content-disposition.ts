/** Controls, marks that make text run backwards (`exe.4pm` for `mp4.exe`), and halves of surrogate pairs. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu
/** What some file system does not take in a name. */
const RESERVED = /[/\\:*?"<>|]/g
const MAX_CHARACTERS = 120
/** RFC 8187 section 3.2.1 allows fewer characters than `encodeURIComponent` leaves. */
const NOT_ATTR_CHAR = /['()*]/g

/**
 * `Content-Disposition` for a file that is to be saved (RFC 6266): named after a title that its owner chose freely, as UTF-8
 * and, for clients that do not know that form, in ASCII.
 */
export function attachment(title: string, suffix: string): string {
  const name = `${fileStem(title)}${suffix}`
  const ascii = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^\x20-\x7e]/g, '_')
    // Taking letters apart may have made some of these.
    .replace(/[%/\\:*?"<>|]/g, '_')
  const encoded = encodeURIComponent(name).replace(
    NOT_ATTR_CHAR,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`
}

/** A leading dot hides a file, a trailing one or a blank is dropped by Windows. */
function fileStem(title: string): string {
  const stem = title
    .replace(INVISIBLE, '')
    .replace(RESERVED, ' ')
    .replace(/\s+/g, ' ')
    .replace(/^[. ]+/, '')
  const short = [...stem]
    .slice(0, MAX_CHARACTERS)
    .join('')
    .replace(/[. ]+$/, '')
  return short === '' ? 'video' : short
}
