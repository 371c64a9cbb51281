import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { Jwk } from '@kinora/common/contracts'
import type { SigningKeyRow } from '../db/schema.ts'
import type { SigningKeyRepository } from '../repositories/signing-keys.ts'
import type { KeyCipher } from './key-cipher.ts'

export interface SigningKey {
  kid: string
  privateKey: KeyObject
}

export interface KeyRing {
  /** What new access tokens are signed with. */
  readonly current: SigningKey
  /** Everything that a verifier must know: the current key and, while keys are being changed, its neighbours. */
  readonly published: readonly Jwk[]
}

/** Opens the stored keys; makes the first one. Processes that start at once end up with the same key. */
export async function openKeyRing(keys: SigningKeyRepository, cipher: KeyCipher, now: Date): Promise<KeyRing> {
  let rows = await keys.published()
  if (!rows.some(isCurrent)) {
    await keys.insertUnlessStaged(makeSigningKey(cipher, now))
    rows = await keys.published()
  }
  const current = rows.find(isCurrent)
  if (!current) throw new Error('there is no current signing key')
  return { current: open(current, cipher), published: rows.map((row) => Jwk.parse(row.public_jwk)) }
}

function isCurrent(row: SigningKeyRow): boolean {
  return row.stage === 'current'
}

function makeSigningKey(cipher: KeyCipher, now: Date): SigningKeyRow {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { x, y } = publicKey.export({ format: 'jwk' })
  // RFC 7638: the members in alphabetical order, no white space.
  const kid = createHash('sha256')
    .update(JSON.stringify({ crv: 'P-256', kty: 'EC', x, y }))
    .digest('base64url')
  return {
    kid,
    stage: 'current',
    public_jwk: Jwk.parse({ kty: 'EC', crv: 'P-256', x, y, kid, use: 'sig', alg: 'ES256' }),
    encrypted_private_key: cipher.encrypt(privateKey.export({ format: 'der', type: 'pkcs8' }), kid),
    created_at: now,
    retired_at: null,
  }
}

function open({ kid, encrypted_private_key }: SigningKeyRow, cipher: KeyCipher): SigningKey {
  try {
    const der = cipher.decrypt(encrypted_private_key, kid)
    return { kid, privateKey: createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }) }
  } catch (error) {
    throw new Error(`KEY_ENCRYPTION_KEY does not open the signing key ${kid}`, { cause: error })
  }
}
