import { createHash } from 'node:crypto'
import type { Lifecycle } from '@kinora/common/service'
import { GenericContainer, getContainerRuntimeClient, type StartedTestContainer } from 'testcontainers'
import { closeOnFailure } from '../../close-on-failure.ts'
import { waitUntilReady } from '../../wait-until-ready.ts'
import type { AdminPasswords } from '../admin-passwords.ts'
import type { Backing, BackingOptions, PostgresServer, RabbitmqServer, RedisServer, ServerControl } from '../backing.ts'
import { freePort } from '../free-port.ts'
import { IMAGES } from '../images.ts'
import { probePostgres, probeRabbitmq, probeRedis } from '../probes.ts'
import { dockerControl } from './docker-control.ts'

export type DockerOptions = BackingOptions & { passwords: AdminPasswords }

const ADMIN = 'kinora_admin'
const READY_MS = 120_000
const FOLDER_LABEL = 'io.kinora.folder'

/** The three servers as containers. Durable ones keep their data in volumes named after the folder. */
export async function startDockerBacking(options: DockerOptions): Promise<Backing> {
  // Testcontainers' reaper is one more image to pull, and it would end durable containers' volumes: we stop by ourselves.
  process.env.TESTCONTAINERS_RYUK_DISABLED ??= 'true'
  await removeLeftovers(options)
  return closeOnFailure(async (life) => {
    const postgres = await startPostgres(options, life)
    const rabbitmq = await startDockerRabbitmq(options, life)
    const redis = await startRedis(options, life)
    return { kind: 'docker', postgres, rabbitmq, redis, stop: () => life.close() }
  })
}

async function startPostgres(options: DockerOptions, life: Lifecycle): Promise<PostgresServer> {
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

/** Alone it serves the fault tests, which must not harm the broker of the others. */
export async function startDockerRabbitmq(
  options: DockerOptions,
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

async function startRedis(options: DockerOptions, life: Lifecycle): Promise<RedisServer> {
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

/** Containers of a run of this folder that was killed: two servers on one volume would ruin it. */
async function removeLeftovers({ dir, log }: DockerOptions): Promise<void> {
  const { container } = await getContainerRuntimeClient()
  const filters = { label: [`${FOLDER_LABEL}=${dir}`] }
  for (const { Id } of await container.dockerode.listContainers({ all: true, filters })) {
    log(`Removing container ${Id.slice(0, 12)}, left over by an earlier run`)
    await container.dockerode.getContainer(Id).remove({ force: true })
  }
}

/** The volume that keeps a durable server's data: one a folder and server. */
export function volumeName(dir: string, server: string): string {
  return `kinora-${createHash('sha256').update(dir).digest('hex').slice(0, 8)}-${server}`
}

export type Run = BackingOptions & { name: string; data: string; probe: () => Promise<unknown> }

export async function runContainer(container: GenericContainer, options: Run, life: Lifecycle): Promise<ServerControl> {
  if (options.durable) {
    container.withBindMounts([{ source: volumeName(options.dir, options.name), target: options.data, mode: 'rw' }])
  }
  container.withLabels({ [FOLDER_LABEL]: options.dir }).withStartupTimeout(READY_MS)
  const started: StartedTestContainer = await container.start()
  life.use(started, options.name, (it) => it.stop({ timeout: 15_000, remove: true, removeVolumes: !options.durable }))
  await waitUntilReady(options.probe, { timeoutMs: READY_MS })
  return dockerControl(started, options.probe)
}
