import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { closeOnFailure, type Lifecycle } from '@kinora/common/service'
import { afterAll, inject } from 'vitest'
import {
  adminPasswords,
  type Backing,
  type OwnBackingOptions,
  type RabbitmqServer,
  type ServerControl,
} from '../backing/backing.ts'
import { findServerBinaries } from '../backing/native/binaries.ts'
import { startNativeBacking } from '../backing/native/native-backing.ts'
import { startNativeRabbitmq } from '../backing/native/native-rabbitmq.ts'
import { type Edge, type EdgeOptions, startEdge } from '../backing/start-edge.ts'
import { startS3 } from '../backing/start-s3.ts'
import { provisionBroker } from '../provision/broker.ts'
import { amqpUrlFor, BROKER_USERS, type BrokerUser, derivedPasswords } from '../provision/identities.ts'
import type { S3Access, S3Storage } from '../provision/storage.ts'
import { provideBacking } from './provide-backing.ts'
import { createTestEnvironment, type TestEnvironment } from './test-environment.ts'

/*
 * Servers for one test file, which may kill, pause and restart them. Each function is called at the top of a test file; what it
 * starts stops after the file's last test. Testcontainers and the S3 SDK are imported only when they are used: each takes a
 * second to load, and every test file loads this module.
 */

/** A test environment on its own PostgreSQL, RabbitMQ and Redis. */
export type PrivateTestEnvironment = TestEnvironment & {
  servers: Record<'postgres' | 'rabbitmq' | 'redis', ServerControl>
}

/** For test files that stop more than a broker; the others use `privateBroker`. */
export async function privateTestEnvironment(): Promise<PrivateTestEnvironment> {
  return await untilLastTest(async (life) => {
    const backing = life.use(await startServers(serverOptions(life)), 'backing', (it) => it.stop())
    const environment = await createTestEnvironment(await provideBacking(backing, life))
    life.use(environment, 'test environment', (it) => it.remove())
    return {
      ...environment,
      servers: {
        postgres: controlOf(backing.postgres),
        rabbitmq: controlOf(backing.rabbitmq),
        redis: controlOf(backing.redis),
      },
    }
  })
}

/** A broker for one test file. Its vhost is `/kinora`. */
export type PrivateBroker = {
  amqpUrl(user: BrokerUser): string
  adminAmqpUrl: string
  managementUrl: string
  vhost: string
  control: ServerControl
}

const VHOST = 'kinora'

/**
 * Starts a broker with its users, which takes some 6 s. RabbitMQ 3.10 loses a quorum queue when it is killed within about half a
 * second of the declaration, because it writes the queue's registration with a delay: a test must not declare a queue and kill
 * the broker at once.
 */
export async function privateBroker(): Promise<PrivateBroker> {
  return await untilLastTest(async (life) => {
    const { adminUrl, managementUrl, control } = await startRabbitmq(serverOptions(life), life)
    const passwords = derivedPasswords(BROKER_USERS, adminUrl)
    await provisionBroker(managementUrl, { vhost: VHOST, passwords })
    const adminAmqpUrl = new URL(adminUrl)
    // The administrator created the vhost through the API, which gave it all rights there.
    adminAmqpUrl.pathname = `/${VHOST}`
    return {
      amqpUrl: (user) => amqpUrlFor(adminUrl, VHOST, user, passwords),
      adminAmqpUrl: adminAmqpUrl.href,
      managementUrl,
      vhost: VHOST,
      control,
    }
  })
}

/** An S3 server for one test file. */
export type PrivateS3 = {
  access: S3Access
  control: ServerControl
  /** Creates another bucket, which is empty. */
  bucket(): Promise<S3Storage & Pick<TestEnvironment, 'storedFiles'>>
}

/** Starts an S3 server, which takes some 2 s. */
export async function privateS3(): Promise<PrivateS3> {
  const { createBucket, storedFiles } = await import('../provision/storage.ts')
  return await untilLastTest(async (life) => {
    const { control, ...access } = await startS3(inject('backing').kind, log, life)
    const bucket: PrivateS3['bucket'] = async () => {
      const storage = await createBucket(access)
      return { ...storage, storedFiles: () => storedFiles(storage) }
    }
    return { access, control, bucket }
  })
}

/** Starts nginx in front of a gateway, with the configuration that Kinora ships. */
export async function privateEdge(options: Omit<EdgeOptions, 'log'>): Promise<Edge> {
  return await untilLastTest((life) => startEdge({ ...options, log }, life))
}

async function untilLastTest<T>(start: (life: Lifecycle) => Promise<T>): Promise<T> {
  return await closeOnFailure(async (life) => {
    const started = await start(life)
    afterAll(() => life.close())
    return started
  })
}

function serverOptions(life: Lifecycle): OwnBackingOptions {
  const dir = mkdtempSync(join(tmpdir(), 'kinora-private-'))
  life.use(dir, 'folder', (it) => rmSync(it, { recursive: true, force: true }))
  return { dir, durable: false, log, passwords: adminPasswords(dir) }
}

function log(line: string): void {
  process.stderr.write(`${line}\n`)
}

async function startServers(options: OwnBackingOptions): Promise<Backing> {
  if (inject('backing').kind !== 'docker') return await startNativeBacking(options)
  const { startDockerBacking } = await import('../backing/docker/docker-backing.ts')
  return await startDockerBacking(options)
}

async function startRabbitmq(
  options: OwnBackingOptions,
  life: Lifecycle,
): Promise<RabbitmqServer & { control: ServerControl }> {
  if (inject('backing').kind === 'docker') {
    const { startDockerRabbitmq } = await import('../backing/docker/docker-backing.ts')
    return await startDockerRabbitmq(options, life)
  }
  const server = await startNativeRabbitmq({ ...options, binaries: await findServerBinaries(log) })
  return life.use(server, 'rabbitmq', ({ close }) => close())
}

function controlOf({ control }: Backing['postgres' | 'rabbitmq' | 'redis']): ServerControl {
  if (!control) throw new Error('A server that the test started cannot be controlled')
  return control
}
