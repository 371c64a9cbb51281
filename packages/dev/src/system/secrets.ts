import { randomBytes } from 'node:crypto'
import { newPassword } from '../backing/admin-passwords.ts'
import type { BrokerPasswords, DatabasePasswords } from '../provision/identities.ts'

/** The keys the services read from their environment: 32 random bytes each, base64. */
export type ServiceKeys = {
  KEY_ENCRYPTION_KEY: string
  REFRESH_SECRET: string
  PASSWORD_PEPPER: string
  PLAYBACK_SECRET: string
}

export type Secrets = { broker: BrokerPasswords; database: DatabasePasswords; keys: ServiceKeys }

export function newServiceKeys(): ServiceKeys {
  const key = () => randomBytes(32).toString('base64')
  return { KEY_ENCRYPTION_KEY: key(), REFRESH_SECRET: key(), PASSWORD_PEPPER: key(), PLAYBACK_SECRET: key() }
}

export function newSecrets(): Secrets {
  return {
    broker: { gateway: newPassword(), auth: newPassword(), media: newPassword(), worker: newPassword() },
    database: { auth: newPassword(), media: newPassword() },
    keys: newServiceKeys(),
  }
}
