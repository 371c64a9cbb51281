import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { keptInPrivateFile } from '../private-files.ts'

/** Faults that a test can inject into one server. Ports and data survive all of them. */
export type ServerControl = {
  /** SIGKILL: nothing is flushed and clients get no notice. */
  kill(): Promise<void>
  /** Orderly stop. */
  stop(): Promise<void>
  /** Starts it again after kill or stop; resolves when it answers. */
  start(): Promise<void>
  /** Freezes it: connections stay open and nothing answers. */
  pause(): Promise<void>
  resume(): Promise<void>
}

export type PostgresServer = { adminUrl: string; control?: ServerControl }
export type RabbitmqServer = { adminUrl: string; managementUrl: string; control?: ServerControl }
export type RedisServer = { url: string; control?: ServerControl }

/** The two keys belong to the server's administrator. */
export type S3Server = { endpoint: string; accessKeyId: string; secretAccessKey: string; control: ServerControl }

/** The servers that the services run on. `control` is missing for `environment`, because somebody else manages those servers. */
export type Backing = {
  kind: 'environment' | 'docker' | 'native'
  postgres: PostgresServer
  rabbitmq: RabbitmqServer
  redis: RedisServer
  stop(): Promise<void>
}

/** `dir` is used by one process. Durable servers keep their data in it across restarts; others trade safety for speed. */
export type BackingOptions = { dir: string; durable: boolean; log: (line: string) => void }

/** For servers that this process starts, with the passwords that they get. */
export type OwnBackingOptions = BackingOptions & { passwords: AdminPasswords }

/** The container images of the backing servers. A test compares them with those in docker-compose.yml. */
export const IMAGES = {
  postgres: 'postgres:17-bookworm',
  rabbitmq: 'rabbitmq:4-management',
  redis: 'redis:8-bookworm',
} as const

/** Only tests need an S3 server, so Docker is used even where this image is missing. */
export const S3_IMAGE = 'minio/minio:RELEASE.2025-06-13T11-33-47Z'

export type AdminPasswords = { postgres: string; rabbitmq: string; redis: string }

/**
 * The administrators' passwords of the servers in `dir`. The first call creates them, later ones read the same: the
 * servers' data contains them.
 */
export function adminPasswords(dir: string): AdminPasswords {
  return keptInPrivateFile(join(dir, 'backing.json'), () => ({
    postgres: newPassword(),
    rabbitmq: newPassword(),
    redis: newPassword(),
  }))
}

/** 24 random bytes in hexadecimal, which needs no escaping in URLs and configuration files. */
export function newPassword(): string {
  return randomBytes(24).toString('hex')
}
