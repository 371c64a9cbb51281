import { createHmac, timingSafeEqual } from 'node:crypto'

/**
 * A refresh token is base64url of: version (1 byte) ‖ session id (16) ‖ counter (4, big-endian) ‖ HMAC-SHA-256 (32).
 * It is computed, not stored: the database holds a counter and a salt, which are useless without REFRESH_SECRET, and every
 * request for the successor of a token gets the same one.
 */
const VERSION = 1
const COUNTER_AT = 17
const MAC_AT = 21
const LENGTH = 53

export interface RefreshToken {
  sessionId: string
  counter: number
  mac: Buffer
}

export interface RefreshTokenSource {
  id: string
  refresh_salt: Buffer
}

export function createRefreshToken(secret: Buffer, session: RefreshTokenSource, counter: number): string {
  const head = headOf(session.id, counter)
  return Buffer.concat([head, macOf(secret, head, session.refresh_salt)]).toString('base64url')
}

/** Parses a token without checking its HMAC; null when it has another format. */
export function parseRefreshToken(text: string): RefreshToken | null {
  const bytes = Buffer.from(text, 'base64url')
  // Node ignores characters outside base64url; encoding the bytes again shows whether any were ignored.
  if (bytes.length !== LENGTH || bytes[0] !== VERSION || bytes.toString('base64url') !== text) return null
  return {
    sessionId: uuidFrom(bytes.subarray(1, COUNTER_AT)),
    counter: bytes.readUInt32BE(COUNTER_AT),
    mac: bytes.subarray(MAC_AT),
  }
}

export function isGenuine(secret: Buffer, session: RefreshTokenSource, token: RefreshToken): boolean {
  return timingSafeEqual(token.mac, macOf(secret, headOf(session.id, token.counter), session.refresh_salt))
}

function headOf(sessionId: string, counter: number): Buffer {
  const head = Buffer.alloc(MAC_AT)
  head[0] = VERSION
  head.write(sessionId.replaceAll('-', ''), 1, 'hex')
  head.writeUInt32BE(counter, COUNTER_AT)
  return head
}

function macOf(secret: Buffer, head: Buffer, salt: Buffer): Buffer {
  return createHmac('sha256', secret).update(head).update(salt).digest()
}

function uuidFrom(bytes: Buffer): string {
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
