import { randomBytes } from 'node:crypto'
import type { Lifecycle } from '@kinora/common/service'
import type { Backing } from '../backing/index.ts'
import { createDatabase, dropDatabase, onDatabase, provisionDatabase } from '../provision/database.ts'
import {
  BROKER_USERS,
  type BrokerPasswords,
  type DatabasePasswords,
  derivedPasswords,
  SCHEMAS,
} from '../provision/identities.ts'
import type { S3Access } from '../provision/storage.ts'

/** Creates the database that test environments are cloned from, and returns the addresses of all servers. */
export async function provideBacking(backing: Backing, life: Lifecycle): Promise<ProvidedBacking> {
  return { ...(await provideTemplate(backing, life)), ...urlsOf(backing) }
}

async function provideTemplate({ postgres, rabbitmq }: Backing, life: Lifecycle) {
  // Roles and users are the server's, not a database's: two runs against one given server must agree on the passwords.
  const databasePasswords = derivedPasswords(SCHEMAS, postgres.adminUrl)
  const brokerPasswords = derivedPasswords(BROKER_USERS, rabbitmq.adminUrl)
  const template = `kinora_template_${randomBytes(4).toString('hex')}`
  await createDatabase(postgres.adminUrl, template)
  life.use(template, 'template database', () => dropDatabase(postgres.adminUrl, template))
  await provisionDatabase(onDatabase(postgres.adminUrl, template), databasePasswords)
  return { template, databasePasswords, brokerPasswords }
}

function urlsOf({ kind, postgres, rabbitmq, redis }: Backing) {
  return {
    kind,
    postgresAdminUrl: postgres.adminUrl,
    rabbitmqAdminUrl: rabbitmq.adminUrl,
    rabbitmqManagementUrl: rabbitmq.managementUrl,
    redisUrl: redis.url,
  }
}

/** What the global setup provides to every test file: plain data, because it is sent between processes. */
export type ProvidedBacking = {
  kind: Backing['kind']
  postgresAdminUrl: string
  rabbitmqAdminUrl: string
  rabbitmqManagementUrl: string
  redisUrl: string
  /** The S3 server for the files of test environments; without it they use folders. */
  s3?: S3Access
  /** The database that is cloned for each test environment. */
  template: string
  brokerPasswords: BrokerPasswords
  databasePasswords: DatabasePasswords
}

declare module 'vitest' {
  export interface ProvidedContext {
    backing: ProvidedBacking
  }
}
