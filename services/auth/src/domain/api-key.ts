import { randomInt } from 'node:crypto'
import { API_KEY_RANDOM_CHARACTERS, API_KEY_START, BASE62, digestOfApiKey, sealApiKey } from '@kinora/common/api-key'
import type { ErrorCode } from '@kinora/common/errors'
import type { ApiKeyRow, UserRow } from '../db/schema.ts'

const SHOWN_CHARACTERS = 4

export interface ApiKeySecret {
  /** Shown once, in the answer that creates it; never stored. */
  key: string
  prefix: string
  digest: Buffer
}

export function createApiKeySecret(): ApiKeySecret {
  const random = Array.from({ length: API_KEY_RANDOM_CHARACTERS }, () => BASE62.charAt(randomInt(BASE62.length)))
  const key = sealApiKey(random.join(''))
  return {
    key,
    prefix: key.slice(0, API_KEY_START.length + SHOWN_CHARACTERS),
    digest: Buffer.from(digestOfApiKey(key), 'base64url'),
  }
}

/** Why a key is refused, or null. Revocation and disabling come before expiry. */
export function evaluateApiKey(
  key: Pick<ApiKeyRow, 'revoked_at' | 'expires_at'>,
  owner: Pick<UserRow, 'disabled_at'>,
  now: Date,
): Extract<ErrorCode, 'API_KEY_REVOKED' | 'API_KEY_EXPIRED' | 'ACCOUNT_DISABLED'> | null {
  if (key.revoked_at) return 'API_KEY_REVOKED'
  if (key.expires_at && key.expires_at <= now) return 'API_KEY_EXPIRED'
  return owner.disabled_at ? 'ACCOUNT_DISABLED' : null
}
