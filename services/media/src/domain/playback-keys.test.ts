import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { newKeyPair, readPublicKey } from './playback-keys.ts'

const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const ed25519 = generateKeyPairSync('ed25519')
const pem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString()
const privatePem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString()
const REFUSED = (message: string) =>
  expect.objectContaining({
    code: 'VALIDATION_FAILED',
    fields: [{ path: 'publicKey', message: expect.stringContaining(message) }],
  })

describe('a public key', () => {
  it.each([
    ['ES256', p256.publicKey],
    ['EdDSA', ed25519.publicKey],
  ])('for %s is the same in PEM and as a JWK', (algorithm, key) => {
    const expected = { algorithm, publicKey: pem(key) }
    expect(readPublicKey(pem(key))).toEqual(expected)
    expect(readPublicKey(pem(key).replaceAll('\n', '\r\n'))).toEqual(expected)
    expect(readPublicKey(key.export({ format: 'jwk' }) as never)).toEqual(expected)
  })

  const other = (namedCurve: string) => pem(generateKeyPairSync('ec', { namedCurve }).publicKey)
  it.each([
    ['P-384', other('P-384'), 'P-256'],
    ['secp256k1', other('secp256k1'), 'P-256'],
    ['RSA', pem(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey), 'P-256'],
    ['X25519', pem(generateKeyPairSync('x25519').publicKey), 'P-256'],
    ['Ed448', pem(generateKeyPairSync('ed448').publicKey), 'P-256'],
    ['a private key', privatePem(p256.privateKey), 'private key'],
    ['text', 'hello', 'PEM'],
    ['two keys', pem(p256.publicKey) + pem(ed25519.publicKey), 'PEM'],
    ['no key inside', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----', 'cannot be read'],
  ])('is not %s', (_what, given, message) => {
    expect(() => readPublicKey(given)).toThrow(REFUSED(message))
  })

  it.each([
    ['a point beside the curve', { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43) }],
    ['half a point', { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43) }],
    ['a curve of another type', { kty: 'EC', crv: 'Ed25519', x: 'A'.repeat(43) }],
    ['a short key', { kty: 'OKP', crv: 'Ed25519', x: 'AAAA' }],
  ] as const)('is not %s', (_what, jwk) => {
    expect(() => readPublicKey(jwk)).toThrow(REFUSED(''))
  })
})

it('a pair is made for who has none', () => {
  const { algorithm, publicKey, privateKey } = newKeyPair()
  expect(algorithm).toBe('ES256')
  expect(privateKey).toMatch(/^-----BEGIN PRIVATE KEY-----\n/)
  expect(pem(createPublicKey(privateKey))).toBe(publicKey)
})
