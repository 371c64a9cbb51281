import { allowedOrigins } from '@kinora/common/service'
import type { AuthConfig } from '../config.ts'

/** Who passkeys are made for, as browsers see us (WebAuthn level 3, section 4). */
export interface RelyingParty {
  /** A domain. Browsers accept none but that of the page or a parent of it, and no IP address. */
  id: string
  name: string
  /** Pages on which a passkey may have been used. */
  origins: string[]
}

export function relyingParty(config: AuthConfig): RelyingParty {
  return {
    id: config.PASSKEY_RP_ID ?? new URL(config.PUBLIC_URL).hostname,
    name: config.PRODUCT_NAME,
    origins: [...allowedOrigins(config)],
  }
}

/** What a device stores with the passkey, and gives back when it signs in without a name: base64url of the id's bytes. */
export function userHandle(userId: string): string {
  return Buffer.from(userHandleBytes(userId)).toString('base64url')
}

export function userHandleBytes(userId: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(userId.replaceAll('-', ''), 'hex'))
}
