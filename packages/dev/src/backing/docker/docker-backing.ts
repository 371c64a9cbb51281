import { createHash } from 'node:crypto'
import { closeOnFailure, type Lifecycle } from '@kinora/common/service'
import { GenericContainer, getContainerRuntimeClient, type StartedTestContainer } from 'testcontainers'
import { waitUntilReady } from '../../until.ts'
import {
  type Backing,
  type BackingOptions,
  IMAGES,
  newPassword,
  type OwnBackingOptions,
  type PostgresServer,
  type RabbitmqServer,
  type RedisServer,
  S3_IMAGE,
  type S3Server,
  type ServerControl,
} from '../backing.ts'
import { freePort } from '../free-port.ts'
import { probeHttp, probePostgres, probeRabbitmq, probeRedis } from '../probes.ts'

const ADMIN = 'kinora_admin'
/** The first start of a container also initialises its data. */
const FIRST_READY_MS = 120_000
const READY_MS = 60_000
const GRACE_SECONDS = 15
const FOLDER_LABEL = 'io.kinora.folder'

/**
 * Starts the three servers as containers. Durable ones keep their data in volumes named after the folder. Throws when one
 * of them does not answer in time; the others are stopped by then.
 */
export async function startDockerBacking(options: OwnBackingOptions): Promise<Backing> {
  // Testcontainers' reaper is one more image to pull, and it would remove durable containers' volumes.
  process.env.TESTCONTAINERS_RYUK_DISABLED ??= 'true'
  await removeLeftovers(options)
  return closeOnFailure(async (life) => {
    const postgres = await startPostgres(options, life)
    const rabbitmq = await startDockerRabbitmq(options, life)
    const redis = await startRedis(options, life)
    return { kind: 'docker', postgres, rabbitmq, redis, stop: () => life.close() }
  })
}

async function startPostgres(options: OwnBackingOptions, life: Lifecycle): Promise<PostgresServer> {
  const port = await freePort()
  const container = new GenericContainer(IMAGES.postgres)
    .withExposedPorts({ container: 5432, host: port })
    .withEnvironment({ POSTGRES_USER: ADMIN, POSTGRES_PASSWORD: options.passwords.postgres })
    .withCommand(['postgres', '-c', 'max_connections=400', ...(options.durable ? [] : ['-c', 'fsync=off'])])
  const adminUrl = `postgres://${ADMIN}:${options.passwords.postgres}@127.0.0.1:${port}/postgres`
  const probe = () => probePostgres(adminUrl)
  const control = await runContainer(
    container,
    { ...options, name: 'postgres', data: '/var/lib/postgresql/data', probe },
    life,
  )
  return { adminUrl, control }
}

/** Starts a broker alone, for fault tests, which must not harm the broker of the other tests. */
export async function startDockerRabbitmq(
  options: OwnBackingOptions,
  life: Lifecycle,
): Promise<RabbitmqServer & { control: ServerControl }> {
  const [amqpPort, managementPort] = [await freePort(), await freePort()]
  const container = new GenericContainer(IMAGES.rabbitmq)
    .withExposedPorts({ container: 5672, host: amqpPort }, { container: 15672, host: managementPort })
    .withEnvironment({ RABBITMQ_DEFAULT_USER: ADMIN, RABBITMQ_DEFAULT_PASS: options.passwords.rabbitmq })
    // The node name, and with it the folder of the data, comes from the host name.
    .withHostname('kinora-rabbitmq')
  const credentials = `${ADMIN}:${options.passwords.rabbitmq}`
  const adminUrl = `amqp://${credentials}@127.0.0.1:${amqpPort}`
  const managementUrl = `http://${credentials}@127.0.0.1:${managementPort}`
  const probe = () => probeRabbitmq(adminUrl, managementUrl)
  const control = await runContainer(
    container,
    { ...options, name: 'rabbitmq', data: '/var/lib/rabbitmq', probe },
    life,
  )
  return { adminUrl, managementUrl, control }
}

async function startRedis(options: OwnBackingOptions, life: Lifecycle): Promise<RedisServer> {
  const port = await freePort()
  const { redis: password } = options.passwords
  const settings = [`requirepass ${password}`, 'save ""', `appendonly ${options.durable ? 'yes' : 'no'}`, 'dir /data']
  const container = new GenericContainer(IMAGES.redis)
    .withExposedPorts({ container: 6379, host: port })
    .withCopyContentToContainer([{ content: settings.join('\n'), target: '/usr/local/etc/redis.conf', mode: 0o644 }])
    .withCommand(['redis-server', '/usr/local/etc/redis.conf'])
  const url = `redis://:${password}@127.0.0.1:${port}`
  const control = await runContainer(
    container,
    { ...options, name: 'redis', data: '/data', probe: () => probeRedis(url) },
    life,
  )
  return { url, control }
}

/** Removes containers of a killed run in this folder: two servers on one volume would ruin it. */
async function removeLeftovers({ dir, log }: OwnBackingOptions): Promise<void> {
  const { container } = await getContainerRuntimeClient()
  const filters = { label: [`${FOLDER_LABEL}=${dir}`] }
  for (const { Id } of await container.dockerode.listContainers({ all: true, filters })) {
    log(`Removing container ${Id.slice(0, 12)}, left over by an earlier run`)
    await container.dockerode.getContainer(Id).remove({ force: true })
  }
}

/** The name of the volume that keeps a durable server's data: `kinora-<hash of the folder>-<server>`. */
export function volumeName(dir: string, server: string): string {
  return `kinora-${createHash('sha256').update(dir).digest('hex').slice(0, 8)}-${server}`
}

type Run = BackingOptions & { name: string; data: string; probe: () => Promise<unknown> }

async function runContainer(container: GenericContainer, options: Run, life: Lifecycle): Promise<ServerControl> {
  if (options.durable) {
    container.withBindMounts([{ source: volumeName(options.dir, options.name), target: options.data, mode: 'rw' }])
  }
  container.withLabels({ [FOLDER_LABEL]: options.dir }).withStartupTimeout(FIRST_READY_MS)
  const started: StartedTestContainer = await container.start()
  life.use(started, options.name, (it) => it.stop({ timeout: 15_000, remove: true, removeVolumes: !options.durable }))
  await waitUntilReady(options.probe, { timeoutMs: FIRST_READY_MS })
  return dockerControl(started, options.probe)
}

export async function startDockerS3(options: BackingOptions, life: Lifecycle): Promise<S3Server> {
  const port = await freePort()
  const [accessKeyId, secretAccessKey] = ['kinora', newPassword()]
  const container = new GenericContainer(S3_IMAGE)
    .withExposedPorts({ container: 9000, host: port })
    .withEnvironment({ MINIO_ROOT_USER: accessKeyId, MINIO_ROOT_PASSWORD: secretAccessKey })
    .withCommand(['server', '/data'])
  const endpoint = `http://127.0.0.1:${port}`
  const probe = () => probeHttp(endpoint)
  const control = await runContainer(container, { ...options, name: 's3', data: '/data', probe }, life)
  return { endpoint, accessKeyId, secretAccessKey, control }
}

/** Calls the engine itself, because Testcontainers can neither kill nor pause, and maps new ports on restart. */
async function dockerControl(container: StartedTestContainer, probe: () => Promise<unknown>): Promise<ServerControl> {
  const client = await getContainerRuntimeClient()
  const handle = client.container.getById(container.getId())
  return {
    kill: async () => void (await handle.kill()),
    stop: async () => void (await handle.stop({ t: GRACE_SECONDS })),
    start: async () => {
      await handle.start()
      await waitUntilReady(probe, { timeoutMs: READY_MS })
    },
    pause: async () => void (await handle.pause()),
    resume: async () => void (await handle.unpause()),
  }
}
