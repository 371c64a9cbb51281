import { createSecretKey, randomBytes, randomUUID } from 'node:crypto'
import jwt from 'jsonwebtoken'
import { describe, expect, it } from 'vitest'
import { ownerLinkExpiry, playbackSigner } from './playback-token.ts'

const [secret, older] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')]
const signer = playbackSigner([secret], () => new Date())
const claims = { video: randomUUID(), jti: randomUUID(), exp: Math.floor(Date.now() / 1000) + 60, maxHeight: 480 }
const DENIED = expect.objectContaining({ code: 'PLAYBACK_DENIED' })

/** Signed with the right key, and wrong in one point. */
function forged(header: Partial<jwt.JwtHeader>, payload: object = claims): string {
  const good = jwt.decode(signer.sign(claims), { complete: true })?.header
  const key = createSecretKey(Buffer.from(secret, 'base64'))
  return jwt.sign(payload, key, { header: { alg: 'HS256', ...good, ...header }, noTimestamp: true })
}

describe('a playback token', () => {
  it('says what it was made for', () => {
    expect(signer.verify(signer.sign(claims))).toEqual(claims)
  })

  it('expires by the clock of the service', () => {
    let now = new Date()
    const clocked = playbackSigner([secret], () => now)
    const token = clocked.sign(claims)
    expect(clocked.verify(token)).toEqual(claims)
    now = new Date(claims.exp * 1000)
    expect(() => clocked.verify(token)).toThrow(DENIED)
  })

  it('is refused when it has expired', () => {
    expect(() => signer.verify(signer.sign({ ...claims, exp: Math.floor(Date.now() / 1000) - 1 }))).toThrow(DENIED)
  })

  it('is refused when anything about it is not ours', () => {
    expect(() => signer.verify(forged({ typ: 'at+jwt' }))).toThrow(DENIED)
    expect(() => signer.verify(forged({ kid: 'unknown' }))).toThrow(DENIED)
    expect(() => signer.verify(forged({ alg: 'HS512' }))).toThrow(DENIED)
    expect(() => signer.verify(forged({}, { ...claims, video: 'x' }))).toThrow(DENIED)
    expect(() => signer.verify(jwt.sign(claims, '', { algorithm: 'none' }))).toThrow(DENIED)
    expect(() => signer.verify('master.m3u8')).toThrow(DENIED)
  })

  it('outlives the replacement of the secret, for as long as the old one is kept', () => {
    const token = playbackSigner([older], () => new Date()).sign(claims)
    expect(playbackSigner([secret, older], () => new Date()).verify(token)).toEqual(claims)
    expect(() => signer.verify(token)).toThrow(DENIED)
  })

  it("for the owner's own links is the same for a quarter of an hour, and valid for at least an hour", () => {
    const start = new Date('2026-01-01T10:00:00Z')
    const soon = new Date('2026-01-01T10:14:59Z')
    expect(ownerLinkExpiry(start)).toBe(ownerLinkExpiry(soon))
    expect(ownerLinkExpiry(soon) * 1000 - soon.getTime()).toBeGreaterThanOrEqual(3_600_000)
  })
})
