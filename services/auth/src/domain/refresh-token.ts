import { createHmac, timingSafeEqual } from 'node:crypto'
import type { SessionTransport } from '@kinora/common/contract'
import { signedOut } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { SessionRow, UserRow } from '../db/schema.ts'

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

/** `rotate`: issue a new successor. `repeat`: issue the same successor again. Otherwise the refusal. */
export type RefreshVerdict = 'rotate' | 'repeat' | AppError

type RefreshedSession = Pick<SessionRow, 'refresh_counter' | 'transport' | 'expires_at' | 'end_reason'>

export interface PresentedToken {
  counter: number
  transport: SessionTransport
}

/**
 * What to do with a genuine refresh token. The parent of the newest token is accepted, because an answer may be lost and two
 * tabs may refresh at once; an older one can only come from a copy (RFC 9700 section 4.14.2).
 */
export function evaluateRefresh(
  session: RefreshedSession,
  { counter, transport }: PresentedToken,
  user: Pick<UserRow, 'disabled_at'>,
  now: Date,
): RefreshVerdict {
  // Checked first, so that a token over the wrong transport reveals nothing and ends nothing.
  if (transport !== session.transport) return new AppError('REFRESH_TRANSPORT_MISMATCH')
  if (session.end_reason) return signedOut(session.end_reason, 'refresh')
  if (session.expires_at <= now) return new AppError('REFRESH_EXPIRED')
  // A genuine token with a later counter: the database was restored from a backup, so this is not reuse.
  if (counter > session.refresh_counter) return new AppError('REFRESH_INVALID')
  if (counter < session.refresh_counter - 1) return signedOut('refresh_reused', 'refresh')
  if (user.disabled_at) return signedOut('account_disabled', 'refresh')
  return counter === session.refresh_counter ? 'rotate' : 'repeat'
}
