import { endOfText } from './end-marks.ts'
import { decodeBytes, guessEncoding, unusualLines } from './guess-encoding.ts'

export interface DecodedText {
  text: string
  /** As it is known to people: `UTF-8`, `UTF-16LE`, `Windows-1251`. */
  encoding: string
}

/**
 * Decodes the bytes of a caption file: UTF-8, UTF-16 with and without a byte order mark, and Windows code pages and other
 * encodings from before Unicode, which are recognised by the letters of their languages. NUL and the end mark of DOS behind
 * the end are left out. Null for what is not text, or is damaged. `language` is a tag of BCP 47, if it is known.
 */
export function decodeCaptions(bytes: Uint8Array, language?: string): DecodedText | null {
  const unicode = unicodeOf(bytes)
  if (unicode !== undefined) return decodeUtf16(bytes, unicode)
  const text = bytes.subarray(
    0,
    endOfText(bytes.length, (at) => bytes[at]),
  )
  const utf8 = strictly(text, 'utf-8')
  if (utf8 !== undefined) return { text: utf8, encoding: 'UTF-8' }
  const sample = unusualLines(text)
  if (hasControls(text) || isDamagedUtf8(sample)) return null
  const encoding = guessEncoding(sample, language)
  const decoded = decodeBytes(text, encoding)
  return decoded.includes('\ufffd') ? null : { text: decoded, encoding: nameOf(encoding) }
}

const [NUL, TAB, LF, CR, SPACE] = [0x00, 0x09, 0x0a, 0x0d, 0x20]
/** `-->`, which all captions have, in UTF-16 of either byte order. */
const ARROWS = { 'utf-16le': '2d002d003e00', 'utf-16be': '002d002d003e' } as const
type Utf16 = keyof typeof ARROWS

/** Undefined unless it is UTF-16. */
function unicodeOf(bytes: Uint8Array): Utf16 | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be'
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  return (['utf-16le', 'utf-16be'] as const).find((name) => hasAtEven(buffer, Buffer.from(ARROWS[name], 'hex')))
}

/** Each offset is looked at once. */
function hasAtEven(buffer: Buffer, wanted: Buffer): boolean {
  let at = buffer.indexOf(wanted)
  while (at !== -1 && at % 2 === 1) at = buffer.indexOf(wanted, at + 1)
  return at !== -1
}

function decodeUtf16(bytes: Uint8Array, encoding: Utf16): DecodedText | null {
  // A single NUL may follow the last character.
  const whole = bytes.length % 2 === 1 && bytes.at(-1) === NUL ? bytes.subarray(0, -1) : bytes
  const text = strictly(whole, encoding)
  return text === undefined ? null : { text: trimmed(text), encoding: encoding.toUpperCase() }
}

function trimmed(text: string): string {
  return text.slice(
    0,
    endOfText(text.length, (at) => text.charCodeAt(at)),
  )
}

function strictly(bytes: Uint8Array, encoding: string): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function hasControls(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte < SPACE && byte !== TAB && byte !== LF && byte !== CR) return true
  return false
}

/** More characters outside ASCII are right than wrong: another encoding would show all of the right ones wrong. */
function isDamagedUtf8(bytes: Uint8Array): boolean {
  let [right, wrong] = [0, 0]
  for (const character of new TextDecoder().decode(bytes)) {
    if (character === '\ufffd') wrong += 1
    else if (character > '\x7f') right += 1
  }
  return right > wrong
}

/** `windows-1251` is Windows-1251, `koi8-r` is KOI8-R. */
function nameOf(encoding: string): string {
  return encoding.startsWith('windows') ? encoding.replace('w', 'W') : encoding.toUpperCase()
}
