import type { Backing } from '../backing/index.ts'
import type { S3Access } from '../provision/bucket.ts'
import type { BrokerPasswords, DatabasePasswords } from '../provision/identities.ts'

/** What the run's set-up tells every test file: plain data, since it crosses processes. */
export type ProvidedBacking = {
  kind: Backing['kind']
  postgresAdminUrl: string
  rabbitmqAdminUrl: string
  rabbitmqManagementUrl: string
  redisUrl: string
  /** Where worlds keep their files, if not in folders. */
  s3?: S3Access
  /** The database that is cloned for each world. */
  template: string
  brokerPasswords: BrokerPasswords
  databasePasswords: DatabasePasswords
}

declare module 'vitest' {
  export interface ProvidedContext {
    backing: ProvidedBacking
  }
}
