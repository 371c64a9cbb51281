import { randomInt } from 'node:crypto'
import { API_KEY_RANDOM_CHARACTERS, API_KEY_START, BASE62, digestOfApiKey, sealApiKey } from '@kinora/common/api-key'

const SHOWN_CHARACTERS = 4

export interface MintedApiKey {
  /** Told once, to whoever made it; never stored. */
  key: string
  prefix: string
  digest: Buffer
}

export function mintApiKey(): MintedApiKey {
  const random = Array.from({ length: API_KEY_RANDOM_CHARACTERS }, () => BASE62.charAt(randomInt(BASE62.length)))
  const key = sealApiKey(random.join(''))
  return {
    key,
    prefix: key.slice(0, API_KEY_START.length + SHOWN_CHARACTERS),
    digest: Buffer.from(digestOfApiKey(key), 'base64url'),
  }
}
