import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { closeOnFailure } from '@kinora/common/service'
import type { OwnBackingOptions, RabbitmqServer, ServerControl } from '../backing.ts'
import { freePort } from '../free-port.ts'
import { probeRabbitmq } from '../probes.ts'
import type { Binaries } from './binaries.ts'

import { startPrivateServer } from './private-server.ts'

const run = promisify(execFile)
const ADMIN = 'kinora-admin'

type Ports = { amqp: number; management: number; distribution: number; epmd: number }

/**
 * Starts a broker that shares nothing with another one on the machine: it has its own node name, cookie, folders, ports and
 * epmd. We run epmd in the foreground, because the one that Erlang starts by itself outlives its node.
 */
export async function startNativeRabbitmq(
  options: OwnBackingOptions & { binaries: Pick<Binaries, 'rabbitmqServer' | 'epmd'> },
): Promise<RabbitmqServer & { control: ServerControl; close(): Promise<void> }> {
  const dir = join(options.dir, 'rabbitmq')
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const password = options.passwords.rabbitmq
  const ports = {
    amqp: await freePort(),
    management: await freePort(),
    distribution: await freePort(),
    epmd: await freePort(),
  }
  writeSettings(dir, ports, options)
  const env = environment(dir, ports)
  const adminUrl = `amqp://${ADMIN}:${password}@127.0.0.1:${ports.amqp}`
  const managementUrl = `http://${ADMIN}:${password}@127.0.0.1:${ports.management}`
  return closeOnFailure(async (life) => {
    const common = { env, dir, stopSignal: 'SIGTERM' as const, durable: options.durable, log: options.log }
    const epmd = await startPrivateServer({
      ...common,
      name: 'epmd',
      command: options.binaries.epmd,
      args: ['-address', '127.0.0.1', '-port', String(ports.epmd)],
      probe: () => probePort(ports.epmd),
    })
    life.use(epmd, 'epmd', (server) => server.stop())
    const control = await startPrivateServer({
      ...common,
      name: 'rabbitmq',
      command: options.binaries.rabbitmqServer,
      args: [],
      probe: () => probeRabbitmq(adminUrl, managementUrl),
    })
    life.use(control, 'rabbitmq', (server) => (options.durable ? server.stop() : server.kill()))
    const kill = async () => {
      await flush(options.binaries.rabbitmqServer, env)
      await control.kill()
    }
    return { adminUrl, managementUrl, control: { ...control, kill }, close: () => life.close() }
  })
}

/**
 * Makes the broker write its list of queues to disk, which it otherwise does within seconds. RabbitMQ 3.10 loses a quorum
 * queue that was declared in the moment before a SIGKILL, which is not what the fault tests test.
 */
async function flush(rabbitmqServer: string, env: NodeJS.ProcessEnv): Promise<void> {
  const expression = 'mnesia:dump_log(), [dets:sync(Table) || Table <- dets:all()], ok.'
  await run(join(dirname(rabbitmqServer), 'rabbitmqctl'), ['eval', expression], { env, timeout: 30_000 })
}

function writeSettings(dir: string, ports: Ports, { durable, passwords }: OwnBackingOptions): void {
  const settings = [
    `listeners.tcp.1 = 127.0.0.1:${ports.amqp}`,
    'management.tcp.ip = 127.0.0.1',
    `management.tcp.port = ${ports.management}`,
    `default_user = ${ADMIN}`,
    `default_pass = ${passwords.rabbitmq}`,
    'default_user_tags.administrator = true',
    'log.console = true',
    'log.console.level = warning',
    'log.file = false',
    'disk_free_limit.absolute = 200MB',
    ...(durable ? [] : ['raft.wal_max_size_bytes = 33554432']),
  ]
  writeFileSync(join(dir, 'rabbitmq.conf'), `${settings.join('\n')}\n`, { mode: 0o600 })
  writeFileSync(join(dir, 'enabled_plugins'), '[rabbitmq_management].\n')
  writeFileSync(join(dir, 'rabbitmq-env.conf'), '')
  const cookie = join(dir, '.erlang.cookie')
  if (!existsSync(cookie)) writeFileSync(cookie, createHash('sha256').update(passwords.rabbitmq).digest('hex'))
  chmodSync(cookie, 0o400)
}

function environment(dir: string, ports: Ports): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    LANG: 'C.UTF-8',
    // Erlang reads its cookie from here.
    HOME: dir,
    // The data contains the name, so it must be the same at the next start.
    RABBITMQ_NODENAME: 'kinora@localhost',
    RABBITMQ_MNESIA_BASE: join(dir, 'data'),
    RABBITMQ_LOG_BASE: join(dir, 'log'),
    RABBITMQ_CONFIG_FILE: join(dir, 'rabbitmq.conf'),
    RABBITMQ_CONF_ENV_FILE: join(dir, 'rabbitmq-env.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(dir, 'enabled_plugins'),
    RABBITMQ_DIST_PORT: String(ports.distribution),
    ERL_EPMD_PORT: String(ports.epmd),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    // The script then becomes the Erlang VM instead of waiting for it, so that signals reach the broker itself.
    RUNNING_UNDER_SYSTEMD: 'true',
    // No busy waiting: on a small machine the schedulers would take the services' CPU.
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS:
      '+sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1}',
  }
}

function probePort(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve()
    })
    socket.once('error', reject)
  })
}
