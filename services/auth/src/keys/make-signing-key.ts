import { createHash, generateKeyPairSync } from 'node:crypto'
import { Jwk } from '@kinora/common/contracts'
import type { SecretCipher } from '@kinora/common/secret-cipher'
import type { SigningKeyRow } from '../db/schema.ts'

export type MakeSigningKey = (stage: 'next' | 'current', now: Date) => SigningKeyRow

/** Makes P-256 keys, named by their RFC 7638 thumbprint, as they lie in the database. */
export function signingKeyMaker(cipher: SecretCipher): MakeSigningKey {
  return (stage, now) => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const { x, y } = publicKey.export({ format: 'jwk' })
    // RFC 7638: the members in alphabetical order, no white space.
    const kid = createHash('sha256')
      .update(JSON.stringify({ crv: 'P-256', kty: 'EC', x, y }))
      .digest('base64url')
    return {
      kid,
      stage,
      public_jwk: Jwk.parse({ kty: 'EC', crv: 'P-256', x, y, kid, use: 'sig', alg: 'ES256' }),
      encrypted_private_key: cipher.encrypt(privateKey.export({ format: 'der', type: 'pkcs8' }), kid),
      created_at: now,
      current_since: stage === 'current' ? now : null,
      expires_at: null,
      retired_at: null,
      retire_reason: null,
    }
  }
}
