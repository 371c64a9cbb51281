import { randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { newPassword } from '../backing/backing.ts'
import { keptInPrivateFile, replacePrivateFile } from '../private-files.ts'
import { BROKER_USERS, type BrokerPasswords, type DatabasePasswords } from '../provision/identities.ts'

/** The keys that the services read from their environment, each 32 random bytes in base64. */
export type ServiceKeys = {
  KEY_ENCRYPTION_KEY: string
  REFRESH_SECRET: string
  PASSWORD_PEPPER: string
  PLAYBACK_SECRET: string
  CSRF_SECRET: string
  WEBHOOK_ENCRYPTION_KEY: string
}

export type Secrets = { broker: BrokerPasswords; database: DatabasePasswords; keys: ServiceKeys }

export function newServiceKeys(): ServiceKeys {
  const key = () => randomBytes(32).toString('base64')
  return {
    KEY_ENCRYPTION_KEY: key(),
    REFRESH_SECRET: key(),
    PASSWORD_PEPPER: key(),
    PLAYBACK_SECRET: key(),
    CSRF_SECRET: key(),
    WEBHOOK_ENCRYPTION_KEY: key(),
  }
}

export function newSecrets(): Secrets {
  return {
    broker: Object.fromEntries(BROKER_USERS.map((user) => [user, newPassword()])) as BrokerPasswords,
    database: { auth: newPassword(), media: newPassword() },
    keys: newServiceKeys(),
  }
}

/** An installation's secrets, from its file or new; adds those that the file of an older version lacks. */
export function keptSecrets(file: string): Secrets {
  const kept = keptInPrivateFile(file, newSecrets)
  const { broker, database, keys } = newSecrets()
  const secrets = {
    broker: { ...broker, ...kept.broker },
    database: { ...database, ...kept.database },
    keys: { ...keys, ...kept.keys },
  }
  if (!isDeepStrictEqual(secrets, kept)) replacePrivateFile(file, secrets)
  return secrets
}
