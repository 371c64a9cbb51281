import { generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto'
import jwt from 'jsonwebtoken'
import { describe, expect, it } from 'vitest'
import type { SigningPublicKey } from './contracts/index.ts'
import { readKeyToken, verifyKeyToken } from './playback-key-token.ts'

const NOW = new Date('2026-11-30T12:00:00Z')
const seconds = NOW.getTime() / 1000
const keyId = randomUUID()
const video = randomUUID()
const DENIED = expect.objectContaining({ code: 'PLAYBACK_DENIED' })

interface Pair extends SigningPublicKey {
  privateKey: KeyObject
}
const pem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString()
function pair(algorithm: 'ES256' | 'EdDSA'): Pair {
  const { publicKey, privateKey } =
    algorithm === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519')
  return { algorithm, publicKey: pem(publicKey), privateKey }
}
const es256 = pair('ES256')
const ed25519 = pair('EdDSA')

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const payload = (more: object = {}) => ({ sub: video, aud: 'playback', exp: seconds + 3600, ...more })
const header = (more: object = {}) => ({ alg: 'ES256', kid: keyId, ...more })

/** A token with these parts; the signature is right unless a test gives another. */
function token(head: object, body: unknown, signature?: (signed: string) => Buffer | string): string {
  const signed = `${part(head)}.${part(body)}`
  const { privateKey } = es256
  const bytes =
    signature?.(signed) ?? sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  return `${signed}.${typeof bytes === 'string' ? bytes : bytes.toString('base64url')}`
}

function check(reference: string, key: SigningPublicKey = es256, now = NOW) {
  const read = readKeyToken(reference)
  return read && verifyKeyToken(read, key, now)
}

describe('a token of a playback key', () => {
  it('says what it allows', () => {
    const limits = { maxHeight: 720, download: true, nbf: seconds, iat: seconds }
    const good = token(header(), payload(limits))
    expect(readKeyToken(good)).toMatchObject({ keyId, algorithm: 'ES256' })
    expect(check(good)).toEqual({ video, exp: seconds + 3600, maxHeight: 720, download: true })
    expect(check(token(header({ typ: 'JWT' }), payload()))).toEqual({ video, exp: seconds + 3600, download: false })
  })

  it('is signed by Ed25519 as well, and by the libraries that customers use', () => {
    const good = token({ alg: 'EdDSA', kid: keyId }, payload(), (signed) =>
      sign(null, Buffer.from(signed), ed25519.privateKey),
    )
    expect(check(good, ed25519)).toMatchObject({ video })
    const options = { algorithm: 'ES256', keyid: keyId, noTimestamp: true } as const
    expect(check(jwt.sign(payload(), es256.privateKey, options))).toMatchObject({ video })
  })

  it('names its key by kid or iss, in any case of letters; its own project and claims are ignored', () => {
    const byIssuer = token({ alg: 'ES256' }, payload({ iss: keyId.toUpperCase(), jti: randomUUID(), source: true }))
    expect(readKeyToken(byIssuer)?.keyId).toBe(keyId)
    expect(check(byIssuer)).toEqual({ video, exp: seconds + 3600, download: false })
    const both = token(header(), payload({ iss: 'https://customer.test' }))
    expect(readKeyToken(both)?.keyId).toBe(keyId)
  })

  it('may expire seven days ahead, by clocks that differ by a minute', () => {
    const at = (exp: number, nbf = seconds) => check(token(header(), payload({ exp, nbf })))
    expect(at(seconds + 7 * 86_400 + 59, seconds + 59)).toMatchObject({ video })
    expect(() => at(seconds + 7 * 86_400 + 61)).toThrow('at most 7 days')
    expect(() => at(seconds + 3600, seconds + 61)).toThrow('not valid yet')
    expect(() => at(seconds)).toThrow(DENIED)
    expect(at(seconds + 0.5 + 60)).toMatchObject({ exp: seconds + 60 })
  })
})

describe('what no playback key has signed', () => {
  it.each([
    ['an id', video],
    ['a token of a link', token({ alg: 'HS256', kid: 'abcdef01' }, payload())],
    ['without a signature', token({ alg: 'none', kid: keyId }, payload(), () => '')],
    ['none, with a signature', token({ alg: 'none', kid: keyId }, payload())],
    ['None', token({ alg: 'None', kid: keyId }, payload())],
    ['no algorithm', token({ kid: keyId }, payload())],
    ['RS256', token({ alg: 'RS256', kid: keyId }, payload())],
    ['ES384', token({ alg: 'ES384', kid: keyId }, payload())],
    ['a list of algorithms', token({ alg: ['ES256'], kid: keyId }, payload())],
    ['HMAC by the public key', jwt.sign(payload(), Buffer.from(es256.publicKey), { keyid: keyId, algorithm: 'HS256' })],
    ['two parts', `${part(header())}.${part(payload())}`],
    ['four parts', `${token(header(), payload())}.x`],
    ['an empty signature', `${part(header())}.${part(payload())}.`],
    ['a header that is no JSON', `${Buffer.from('{').toString('base64url')}.${part(payload())}.AAAA`],
    ['a header that is null', `${part(null)}.${part(payload())}.AAAA`],
  ])('is left to others: %s', (_what, reference) => {
    expect(readKeyToken(reference)).toBeNull()
  })

  it.each([
    ['crit', { crit: ['exp'] }],
    ['an empty crit', { crit: [] }],
    ['b64', { b64: false }],
    ['jwk', { jwk: { kty: 'EC' } }],
    ['jku', { jku: 'https://evil.test/keys' }],
    ['x5u', { x5u: 'https://evil.test/cert' }],
    ['x5c', { x5c: ['AAAA'] }],
    ['a type of access tokens', { typ: 'at+jwt' }],
    ['a kid that is a number', { kid: 7 }],
    ['a kid that is a path', { kid: '../../dev/null' }],
    ['no kid', { kid: undefined }],
  ])('is refused before its key is looked up: %s', (_what, more) => {
    expect(() => readKeyToken(token(header(more), payload()))).toThrow(DENIED)
  })

  it.each([
    ['of another key', (signed: string) => sign('sha256', Buffer.from(signed), pair('ES256').privateKey)],
    ['in DER', (signed: string) => sign('sha256', Buffer.from(signed), es256.privateKey)],
    ['of zeros', () => Buffer.alloc(64)],
    ['that is too short', () => Buffer.alloc(63, 1)],
    ['by Ed25519', (signed: string) => sign(null, Buffer.from(signed), ed25519.privateKey)],
    [
      'with padding',
      (signed: string) =>
        `${sign('sha256', Buffer.from(signed), { key: es256.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}=`,
    ],
    [
      'of another curve',
      (signed: string) =>
        sign('sha256', Buffer.from(signed), {
          key: generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey,
          dsaEncoding: 'ieee-p1363',
        }),
    ],
  ])('has a signature that is refused: %s', (_what, signature) => {
    expect(() => check(token(header(), payload(), signature))).toThrow('no longer valid')
  })

  it('has no second spelling of its signature', () => {
    const good = token(header(), payload())
    const last = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const at = last.indexOf(good.at(-1) ?? '')
    const respelled = good.slice(0, -1) + last[at ^ 1]
    expect(Buffer.from(respelled.split('.')[2] ?? '', 'base64url')).toEqual(
      Buffer.from(good.split('.')[2] ?? '', 'base64url'),
    )
    expect(() => check(respelled)).toThrow(DENIED)
  })

  it('has the algorithm of its key, not one of its own choice', () => {
    expect(() => check(token(header(), payload()), { ...ed25519 })).toThrow(DENIED)
    const claimsEd = token({ alg: 'EdDSA', kid: keyId }, payload(), (signed) =>
      sign(null, Buffer.from(signed), ed25519.privateKey),
    )
    expect(() => check(claimsEd, es256)).toThrow(DENIED)
  })

  it('was changed after it was signed', () => {
    const [head, , signature] = token(header(), payload()).split('.')
    expect(() => check(`${head}.${part(payload({ sub: randomUUID() }))}.${signature}`)).toThrow(DENIED)
  })
})

it.each([
  ['an audience of access tokens', { aud: 'kinora' }],
  ['a list of audiences', { aud: ['playback'] }],
  ['no audience', { aud: undefined }],
  ['no video', { sub: undefined }],
  ['a video that is no id', { sub: '../x' }],
  ['no expiry', { exp: undefined }],
  ['an expiry in text', { exp: String(seconds + 60) }],
  ['an expiry without end', { exp: 1e308 }],
  ['a negative expiry', { exp: -1 }],
  ['an expiry that is null', { exp: null }],
  ['nbf in text', { nbf: '0' }],
  ['iat in text', { iat: 'now' }],
  ['a height in text', { maxHeight: '720' }],
  ['a height of null, which could mean all', { maxHeight: null }],
  ['a height of zero', { maxHeight: 0 }],
  ['half a pixel', { maxHeight: 720.5 }],
  ['download in text', { download: 'false' }],
  ['download as a number', { download: 1 }],
])('a signed token with %s is refused', (_what, claims) => {
  expect(() => check(token(header(), payload(claims)))).toThrow(DENIED)
})

it.each([[null], ['text'], [[payload()]], [7]])('a signed payload that is %j is refused', (body) => {
  expect(() => check(token(header(), body))).toThrow(DENIED)
})
