import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { Jwk, type KeyDocument } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { SecretCipher } from '@kinora/common/secret-cipher'
import type { SigningKeyRow } from '../db/schema.ts'

/**
 * Keys that were read from the database longer ago are not used, because another process may have changed them. Keys stay
 * published this much longer than their last token needs.
 */
export const RING_MAX_AGE_MS = 30_000

interface SigningKey {
  kid: string
  privateKey: KeyObject
}

/**
 * This process's copy of the signing keys. It is read again every second (see `service.ts`), because any process may change
 * the keys.
 */
export class KeyRing {
  readonly #load: () => Promise<SigningKeyRow[]>
  readonly #cipher: SecretCipher
  #current: SigningKey | undefined
  #document: KeyDocument = { keys: [], retired: [] }
  #readAt = Number.NEGATIVE_INFINITY

  constructor(load: () => Promise<SigningKeyRow[]>, cipher: SecretCipher) {
    this.#load = load
    this.#cipher = cipher
  }

  /** The key that signs new access tokens. Throws `DEPENDENCY_UNAVAILABLE` when the copy is older than 30 s. */
  get current(): SigningKey {
    this.#assertFresh()
    if (!this.#current) throw new Error('there is no current signing key')
    return this.#current
  }

  /** The public keys for verifiers. Throws `DEPENDENCY_UNAVAILABLE` when the copy is older than 30 s. */
  get document(): KeyDocument {
    this.#assertFresh()
    return this.#document
  }

  async read(): Promise<SigningKeyRow[]> {
    const startedAt = performance.now()
    const rows = await this.#load()
    // Of two concurrent reads the one that started later is newer.
    if (startedAt < this.#readAt) return rows
    const current = rows.find((row) => row.stage === 'current')
    if (current?.kid !== this.#current?.kid) this.#current = current && open(current, this.#cipher)
    this.#document = keyDocument(rows)
    this.#readAt = startedAt
    return rows
  }

  #assertFresh(): void {
    if (performance.now() - this.#readAt <= RING_MAX_AGE_MS) return
    throw new AppError('DEPENDENCY_UNAVAILABLE', {
      detail: 'The signing keys cannot be read at the moment',
      retryAfterMs: 1000,
    })
  }
}

function keyDocument(rows: readonly SigningKeyRow[]): KeyDocument {
  const retired = rows.filter((row) => row.stage === 'retired')
  return {
    keys: rows.filter((row) => row.stage !== 'retired').map((row) => Jwk.parse(row.public_jwk)),
    retired: retired.flatMap(({ kid, expires_at }) =>
      expires_at === null ? [] : [{ kid, expiresAt: expires_at.toISOString() }],
    ),
  }
}

function open({ kid, encrypted_private_key: sealed }: SigningKeyRow, cipher: SecretCipher): SigningKey {
  try {
    if (!sealed) throw new Error('it has been erased')
    const der = cipher.decrypt(sealed, kid)
    return { kid, privateKey: createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }) }
  } catch (error) {
    throw new Error(`KEY_ENCRYPTION_KEY cannot decrypt the signing key ${kid}`, { cause: error })
  }
}

export type CreateSigningKey = (stage: 'next' | 'current', now: Date) => SigningKeyRow

/** Creates P-256 keys in their stored form; the kid is the RFC 7638 thumbprint. */
export function signingKeyFactory(cipher: SecretCipher): CreateSigningKey {
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
