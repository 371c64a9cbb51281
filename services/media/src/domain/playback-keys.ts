import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { PublicJwk, SigningPublicKey } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'

/** A private key, a certificate or a key of another format is none: Node would take the public half of each. */
const PUBLIC_PEM = /^\s*-----BEGIN PUBLIC KEY-----[\w+/=\s]+-----END PUBLIC KEY-----\s*$/

/** The algorithm and the PEM of a key that a customer registers. Throws `VALIDATION_FAILED`. */
export function readPublicKey(given: string | PublicJwk): SigningPublicKey {
  if (typeof given !== 'string') return described(parse(() => createPublicKey({ key: { ...given }, format: 'jwk' })))
  if (/PRIVATE KEY-----/.test(given)) throw refused('is a private key; send the public key only')
  if (!PUBLIC_PEM.test(given)) throw refused('must be a public key in PEM (SPKI), or a JWK')
  return described(parse(() => createPublicKey({ key: given.trim(), format: 'pem', type: 'spki' })))
}

/** For who has none; the private key is given away and not kept. */
export function newKeyPair(): SigningPublicKey & { privateKey: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { ...described(publicKey), privateKey: String(privateKey.export({ type: 'pkcs8', format: 'pem' })) }
}

function parse(read: () => KeyObject): KeyObject {
  try {
    return read()
  } catch {
    throw refused('cannot be read as a public key')
  }
}

function described(key: KeyObject): SigningPublicKey {
  const publicKey = String(key.export({ type: 'spki', format: 'pem' }))
  if (key.asymmetricKeyType === 'ed25519') return { algorithm: 'EdDSA', publicKey }
  const isP256 = key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1'
  if (!isP256) throw refused('must be a key on P-256 (ES256) or Ed25519 (EdDSA)')
  return { algorithm: 'ES256', publicKey }
}

function refused(message: string): AppError {
  return new AppError('VALIDATION_FAILED', { fields: [{ path: 'publicKey', message }] })
}
