import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'
import type { UserRow } from '../db/schema.ts'
import { passwordFingerprint } from './challenges.ts'

const LIFETIME_SECONDS = 365 * 24 * 3600
const DEVICE_BYTES = 16
const EXPIRY_BYTES = 6
const PAYLOAD_BYTES = DEVICE_BYTES + EXPIRY_BYTES
const MAC_BYTES = 32

type Owner = Pick<UserRow, 'id' | 'password_hash'>

/** The key of device tokens (RFC 5869), derived from the secret of refresh tokens. */
export function deviceTokenKey(secret: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', 'kinora device tokens', 32))
}

/**
 * A token for a client that has just signed in: device id ‖ expiry ‖ HMAC-SHA-256, base64url. It is no credential: it only
 * gives the client an allowance of sign-ins of its own. Bound to the account and its password, so that whoever knew an
 * earlier password, or registered the address before its owner, has none.
 */
export function createDeviceToken(key: Buffer, owner: Owner, now: Date): string {
  const payload = Buffer.concat([randomBytes(DEVICE_BYTES), Buffer.alloc(EXPIRY_BYTES)])
  payload.writeUIntBE(Math.floor(now.getTime() / 1000) + LIFETIME_SECONDS, DEVICE_BYTES, EXPIRY_BYTES)
  return Buffer.concat([payload, macOf(key, payload, owner)]).toString('base64url')
}

/** The device id of a token; null if the token is forged, has expired or is not for this account and password. */
export function deviceOf(key: Buffer, token: string, owner: Owner, now: Date): string | null {
  const bytes = Buffer.from(token, 'base64url')
  if (bytes.length !== PAYLOAD_BYTES + MAC_BYTES) return null
  const payload = bytes.subarray(0, PAYLOAD_BYTES)
  if (!timingSafeEqual(bytes.subarray(PAYLOAD_BYTES), macOf(key, payload, owner))) return null
  if (payload.readUIntBE(DEVICE_BYTES, EXPIRY_BYTES) * 1000 <= now.getTime()) return null
  return payload.subarray(0, DEVICE_BYTES).toString('base64url')
}

function macOf(key: Buffer, payload: Buffer, owner: Owner): Buffer {
  return createHmac('sha256', key).update(payload).update(owner.id).update(passwordFingerprint(owner)).digest()
}
