import { join } from 'node:path'
import type { BrokerUser, SchemaName, Service } from '../provision/identities.ts'
import type { ServiceKeys } from './secrets.ts'

/** Addresses of the data of one installation; a TestEnvironment is one, too. */
export type Installation = {
  amqpUrl(user: BrokerUser): string
  databaseUrl(schema: SchemaName): string
  redisUrl: string
  redisPrefix: string
  storageUrl: string
  /** Only for an S3 store. */
  storageCredentials?: { accessKeyId: string; secretAccessKey: string }
}

export type ServiceEnvOptions = {
  installation: Installation
  keys: ServiceKeys
  /** Port of the gateway. */
  port: number
  publicUrl: string
  dir: string
  /** Settings for all services; those in `SECRET_SETTINGS` go only to the services named there. */
  settings: Record<string, string>
}

// Variables that any program needs. The rest of this process's environment may contain secrets and is not passed on.
const INHERITED = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'NODE_V8_COVERAGE']

/** The complete environment of one service process, with no other service's credentials. `name` distinguishes workers. */
export function serviceEnv(service: Service, name: string, internalPort: number, options: ServiceEnvOptions) {
  const inherited = INHERITED.flatMap((key) => (process.env[key] === undefined ? [] : [[key, process.env[key]]]))
  return {
    NODE_ENV: 'production',
    ...(Object.fromEntries(inherited) as Record<string, string>),
    AMQP_URL: options.installation.amqpUrl(service),
    INTERNAL_HOST: '127.0.0.1',
    INTERNAL_PORT: String(internalPort),
    ...OWN[service](options, name),
    ...settingsFor(service, options.settings),
  }
}

/** Settings that contain a secret, and the services that may know it. */
const SECRET_SETTINGS: Record<string, Service[]> = {
  SMTP_URL: ['auth'],
  PLAYBACK_SECRET_PREVIOUS: ['gateway', 'media'],
  DELIVERY_SECRET: ['gateway'],
}

function storageEnv({ storageUrl, storageCredentials }: Installation): Record<string, string> {
  if (!storageCredentials) return { STORAGE_URL: storageUrl }
  const { accessKeyId, secretAccessKey } = storageCredentials
  return { STORAGE_URL: storageUrl, S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey }
}

function settingsFor(service: Service, settings: Record<string, string>): Record<string, string> {
  const mayKnow = (name: string) => SECRET_SETTINGS[name]?.includes(service) ?? true
  return Object.fromEntries(Object.entries(settings).filter(([name]) => mayKnow(name)))
}

const OWN: Record<Service, (options: ServiceEnvOptions, name: string) => Record<string, string>> = {
  auth: ({ installation, keys, publicUrl, dir }) => ({
    DATABASE_URL: installation.databaseUrl('auth'),
    KEY_ENCRYPTION_KEY: keys.KEY_ENCRYPTION_KEY,
    REFRESH_SECRET: keys.REFRESH_SECRET,
    PASSWORD_PEPPER: keys.PASSWORD_PEPPER,
    PUBLIC_URL: publicUrl,
    MAILBOX_DIR: join(dir, 'mailbox'),
    ISSUER: publicUrl,
    AUDIENCE: 'kinora',
  }),
  media: ({ installation, keys, publicUrl }) => ({
    DATABASE_URL: installation.databaseUrl('media'),
    REDIS_URL: installation.redisUrl,
    REDIS_PREFIX: installation.redisPrefix,
    ...storageEnv(installation),
    PLAYBACK_SECRET: keys.PLAYBACK_SECRET,
    WEBHOOK_ENCRYPTION_KEY: keys.WEBHOOK_ENCRYPTION_KEY,
    PUBLIC_URL: publicUrl,
  }),
  worker: ({ installation, dir }, name) => ({
    ...storageEnv(installation),
    WORKER_NAME: name,
    WORK_DIR: join(dir, 'work', name),
  }),
  gateway: ({ installation, keys, port, publicUrl }) => ({
    HOST: '127.0.0.1',
    PORT: String(port),
    PUBLIC_URL: publicUrl,
    CSRF_SECRET: keys.CSRF_SECRET,
    PLAYBACK_SECRET: keys.PLAYBACK_SECRET,
    REDIS_URL: installation.redisUrl,
    REDIS_PREFIX: installation.redisPrefix,
    ...storageEnv(installation),
    ISSUER: publicUrl,
    AUDIENCE: 'kinora',
  }),
}
