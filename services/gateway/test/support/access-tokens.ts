import { generateKeyPairSync, randomUUID } from 'node:crypto'
import type { Jwk } from '@kinora/common/contracts'
import jwt from 'jsonwebtoken'

export const ISSUER = 'https://kinora.test'
export const AUDIENCE = 'kinora-test'

export interface Signer {
  jwk: Jwk
  pem: string
  /** An access token as auth issues it; `claims` and `header` replace single values. */
  sign(options?: { claims?: Record<string, unknown>; header?: Record<string, unknown>; expiresIn?: number }): string
}

export function createSigner(kid: string = randomUUID()): Signer {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
  return {
    jwk: { kty: 'EC', crv: 'P-256', x, y, kid, use: 'sig', alg: 'ES256' },
    pem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    sign({ claims = {}, header = {}, expiresIn = 900 } = {}) {
      const now = Math.floor(Date.now() / 1000)
      const payload = {
        iss: ISSUER,
        aud: AUDIENCE,
        sub: randomUUID(),
        sid: randomUUID(),
        jti: randomUUID(),
        role: 'user',
        iat: now,
        exp: now + expiresIn,
        ...claims,
      }
      // JSON leaves out a claim that a test sets to undefined.
      return jwt.sign(JSON.parse(JSON.stringify(payload)), privateKey, {
        algorithm: 'ES256',
        header: { alg: 'ES256', typ: 'at+jwt', kid, ...header },
      })
    },
  }
}
