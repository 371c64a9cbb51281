import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'

/**
 * An API key is `knr_`, 32 random characters and a checksum of 6, all base62. The prefix lets a scanner of leaked secrets
 * recognise a key, the checksum confirms it; with both a gateway refuses malformed keys without a call.
 */
export const API_KEY_START = 'knr_'
/** 190 bits; without the 4 characters that are shown in lists 166 remain. */
export const API_KEY_RANDOM_CHARACTERS = 32
export const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

const CHECKSUM_CHARACTERS = 6
const SHAPE = new RegExp(`^${API_KEY_START}[0-9A-Za-z]{${API_KEY_RANDOM_CHARACTERS + CHECKSUM_CHARACTERS}}$`)

/** The whole key for its random part. */
export function sealApiKey(random: string): string {
  const body = API_KEY_START + random
  return body + checksum(body)
}

/** Whether a text has the format and checksum of a key; the key may still not exist. */
export function isApiKey(text: string): boolean {
  return SHAPE.test(text) && text.endsWith(checksum(text.slice(0, -CHECKSUM_CHARACTERS)))
}

/**
 * SHA-256 in base64url, which is stored, sent between services and cached instead of the key. A slow hash would add nothing,
 * because 190 random bits cannot be guessed.
 */
export function digestOfApiKey(key: string): string {
  return createHash('sha256').update(key).digest('base64url')
}

/** CRC-32 (ISO-HDLC) in base62, most significant digit first, with six digits. */
function checksum(text: string): string {
  let rest = crc32(text)
  let digits = ''
  for (let i = 0; i < CHECKSUM_CHARACTERS; i++) {
    digits = BASE62.charAt(rest % BASE62.length) + digits
    rest = Math.floor(rest / BASE62.length)
  }
  return digits
}
