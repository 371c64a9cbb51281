import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { closeOnFailure, type Lifecycle } from '@kinora/common/service'
import { Redis } from 'ioredis'
import { afterAll, inject, onTestFinished } from 'vitest'
import { provisionBroker, removeVhost } from '../provision/broker.ts'
import { createDatabase, dropDatabase, onDatabase } from '../provision/database.ts'
import { amqpUrlFor, type BrokerUser, databaseUrlFor, type SchemaName } from '../provision/identities.ts'
import { newServiceKeys, type System, type SystemOptions, startSystem } from '../system/index.ts'
import { requireClosed } from './open-connections.ts'
import type { ProvidedBacking } from './provide-backing.ts'

/** A Kinora of its own on the run's servers: fresh database, vhost, Redis prefix and storage folder. */
export type TestEnvironment = {
  /** Unique; also the names of its database and vhost. */
  name: string
  backing: ProvidedBacking
  /** As that service's broker user, with its rights only. */
  amqpUrl(user: BrokerUser): string
  /** As the broker's administrator, to inspect queues. */
  adminAmqpUrl: string
  managementUrl: string
  vhost: string
  /** As that service's database role, which reaches its own schema only. */
  databaseUrl(schema: SchemaName): string
  adminDatabaseUrl: string
  /** Contains the environment's name as the name of the client. */
  redisUrl: string
  redisPrefix: string
  /** `file:///…`, the same folder as storageDir; with KINORA_E2E_STORAGE=s3 a bucket, and the keys to it. */
  storageUrl: string
  storageCredentials?: { accessKeyId: string; secretAccessKey: string }
  storageDir: string
  /** Paths of all files in storage, also of those that are being written. */
  storedFiles(): Promise<string[]>
  /** The same with the bytes of each. */
  storedSizes(): Promise<Map<string, number>>
  /** Registers a resource to close before the environment is removed, in reverse order of registration, and returns it. */
  use: Lifecycle['use']
  /** Removes the environment. Rejects with the name of each connection to its database, vhost or Redis that is still open. */
  remove(): Promise<void>
}

export async function createTestEnvironment(backing: ProvidedBacking): Promise<TestEnvironment> {
  const name = `world_${randomBytes(5).toString('hex')}`
  return closeOnFailure((life) => build(name, backing, life))
}

async function build(name: string, backing: ProvidedBacking, life: Lifecycle): Promise<TestEnvironment> {
  const { postgresAdminUrl, rabbitmqAdminUrl, rabbitmqManagementUrl, brokerPasswords, databasePasswords } = backing
  const redisPrefix = `${name}:`
  const storageDir = life.use(mkdtempSync(join(tmpdir(), `kinora-${name}-`)), 'storage', removeFolder)
  await createDatabase(postgresAdminUrl, name, backing.template)
  life.use(name, 'database', () => dropDatabase(postgresAdminUrl, name))
  await provisionBroker(rabbitmqManagementUrl, { vhost: name, passwords: brokerPasswords })
  life.use(name, 'vhost', () => removeVhost(rabbitmqManagementUrl, name))
  life.use(redisPrefix, 'Redis keys', (prefix) => removeKeys(backing.redisUrl, prefix))
  // Registered here, so that it runs after everything passed to `use` is closed and before the database is dropped.
  life.use(name, 'connections', () => requireClosed(name, backing))
  const storage = await openStorage(storageDir, backing)
  const adminAmqpUrl = new URL(rabbitmqAdminUrl)
  adminAmqpUrl.pathname = `/${name}`
  const redisUrl = new URL(backing.redisUrl)
  // Environments share one Redis database and user; the name identifies their clients.
  redisUrl.searchParams.set('connectionName', name)
  return {
    name,
    backing,
    amqpUrl: (user) => amqpUrlFor(rabbitmqAdminUrl, name, user, brokerPasswords),
    adminAmqpUrl: adminAmqpUrl.href,
    managementUrl: rabbitmqManagementUrl,
    vhost: name,
    databaseUrl: (schema) => databaseUrlFor(postgresAdminUrl, name, schema, databasePasswords),
    adminDatabaseUrl: onDatabase(postgresAdminUrl, name),
    redisUrl: redisUrl.href,
    redisPrefix,
    ...storage,
    storageDir,
    storedFiles: async () => (await import('../provision/storage.ts')).storedFiles(storage),
    storedSizes: async () => (await import('../provision/storage.ts')).storedSizes(storage),
    use: (resource, name, close) => life.use(resource, name, close),
    remove: () => life.close(),
  }
}

async function openStorage(
  dir: string,
  { s3 }: ProvidedBacking,
): Promise<Pick<TestEnvironment, 'storageUrl' | 'storageCredentials'>> {
  if (!s3) return { storageUrl: pathToFileURL(dir).href }
  // Only here: every test file loads this module, and the SDK takes a while.
  const { createBucket } = await import('../provision/storage.ts')
  return createBucket(s3)
}

async function removeKeys(redisUrl: string, prefix: string): Promise<void> {
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: 1 })
  redis.on('error', () => {})
  try {
    for await (const keys of redis.scanStream({ match: `${prefix}*`, count: 500 })) {
      if (keys.length > 0) await redis.unlink(...(keys as string[]))
    }
  } finally {
    redis.disconnect()
  }
}

function removeFolder(dir: string): void {
  rmSync(dir, { recursive: true, force: true })
}

/** Call it at the top of a test file: `const world = await useTestEnvironment()`. Removed after the file's last test. */
export async function useTestEnvironment(): Promise<TestEnvironment> {
  const world = await createTestEnvironment(inject('backing'))
  afterAll(() => world.remove())
  return world
}

/** Creates another environment inside a test; it is removed after that test. */
export async function testEnvironmentOfTest(): Promise<TestEnvironment> {
  const world = await createTestEnvironment(inject('backing'))
  onTestFinished(() => world.remove())
  return world
}

export type UseSystemOptions = Partial<Pick<SystemOptions, 'installation' | 'workers' | 'env' | 'restart'>>

/**
 * Call it at the top of a test file: `const system = await useSystem({ workers: 2 })` starts the four services from their
 * builds, in a new test environment or in the given `installation`. They stop after the file's last test.
 */
export async function useSystem(options: UseSystemOptions = {}): Promise<System> {
  const installation = options.installation ?? (await useTestEnvironment())
  return closeOnFailure(async (life) => {
    const dir = life.use(mkdtempSync(join(tmpdir(), 'kinora-system-')), 'folder', (it) =>
      rmSync(it, { recursive: true, force: true }),
    )
    const log = (line: string) => void process.stderr.write(`${line}\n`)
    const started = await startSystem({ ...options, installation, keys: newServiceKeys(), dir, log })
    life.use(started, 'system', (system) => system.stop())
    afterAll(() => life.close())
    return started
  })
}
