import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'

/**
 * An API key is `knr_`, 32 random characters and a checksum of 6, all base62. The first says to a scanner of leaked
 * secrets what it has found, the last that it is no accident; both let a gateway refuse nonsense without asking anybody.
 */
export const API_KEY_START = 'knr_'
/** 190 bits, of which the part that is shown in lists (4 characters) leaves 166. */
export const API_KEY_RANDOM_CHARACTERS = 32
export const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

const CHECKSUM_CHARACTERS = 6
const SHAPE = new RegExp(`^${API_KEY_START}[0-9A-Za-z]{${API_KEY_RANDOM_CHARACTERS + CHECKSUM_CHARACTERS}}$`)

/** The whole key around its random part. */
export function sealApiKey(random: string): string {
  const body = API_KEY_START + random
  return body + checksum(body)
}

/** Could this be a key of ours? Says nothing about whether it is. */
export function isApiKey(text: string): boolean {
  return SHAPE.test(text) && text.endsWith(checksum(text.slice(0, -CHECKSUM_CHARACTERS)))
}

/**
 * SHA-256 in base64url; what is stored, sent between services and cached in the place of a key. A slow hash would bring
 * nothing: it makes guessing expensive where there is little to guess, and nobody guesses 190 random bits.
 */
export function digestOfApiKey(key: string): string {
  return createHash('sha256').update(key).digest('base64url')
}

/** CRC-32 (ISO-HDLC) in base62, most significant digit first; six digits hold it. */
function checksum(text: string): string {
  let rest = crc32(text)
  let digits = ''
  for (let i = 0; i < CHECKSUM_CHARACTERS; i++) {
    digits = BASE62.charAt(rest % BASE62.length) + digits
    rest = Math.floor(rest / BASE62.length)
  }
  return digits
}
