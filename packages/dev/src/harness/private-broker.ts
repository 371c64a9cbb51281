import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Lifecycle } from '@kinora/common/service'
import { afterAll, inject } from 'vitest'
import { adminPasswords } from '../backing/admin-passwords.ts'
import type { OwnBackingOptions, RabbitmqServer, ServerControl } from '../backing/backing.ts'
import { findServerBinaries } from '../backing/native/binaries.ts'

import { startNativeRabbitmq } from '../backing/native/native-rabbitmq.ts'
import { closeOnFailure } from '../close-on-failure.ts'
import { provisionBroker } from '../provision/broker.ts'
import { BROKER_USERS, type BrokerUser, derivedPasswords } from '../provision/identities.ts'
import { amqpUrlFor } from '../provision/urls.ts'
import './provided.ts'

/** A broker for one test file, to be killed, paused and started again. Its vhost is `/kinora`. */
export type PrivateBroker = {
  amqpUrl(user: BrokerUser): string
  adminAmqpUrl: string
  managementUrl: string
  vhost: string
  control: ServerControl
}

const VHOST = 'kinora'
const log = (line: string) => void process.stderr.write(`${line}\n`)

/**
 * At the top of a test file: boots a broker (some 6 s) with the four users; it is ended after the file's last test.
 * RabbitMQ 3.10 forgets where a quorum queue lives when it is killed within about half a second of the declaration (the
 * registration is written with a delay): a test that declares, kills at once and finds the queue dead has seen that.
 */
export async function privateBroker(): Promise<PrivateBroker> {
  return closeOnFailure(async (life) => {
    const broker = await start(life)
    afterAll(() => life.close())
    return broker
  })
}

async function start(life: Lifecycle): Promise<PrivateBroker> {
  const dir = mkdtempSync(join(tmpdir(), 'kinora-broker-'))
  life.use(dir, 'folder', (it) => rmSync(it, { recursive: true, force: true }))
  const options = { dir, durable: false, log, passwords: adminPasswords(dir) }
  const { adminUrl, managementUrl, control } = await boot(options, life)
  const passwords = derivedPasswords(BROKER_USERS, adminUrl)
  await provisionBroker(managementUrl, { vhost: VHOST, passwords })
  const adminAmqpUrl = new URL(adminUrl)
  // The administrator made the vhost through the API, which gave it all rights there.
  adminAmqpUrl.pathname = `/${VHOST}`
  return {
    amqpUrl: (user) => amqpUrlFor(adminUrl, VHOST, user, passwords),
    adminAmqpUrl: adminAmqpUrl.href,
    managementUrl,
    vhost: VHOST,
    control,
  }
}

async function boot(options: OwnBackingOptions, life: Lifecycle): Promise<RabbitmqServer & { control: ServerControl }> {
  if (inject('backing').kind === 'docker') {
    // Only here: to load Testcontainers takes a second, and every test file loads this module.
    const { startDockerRabbitmq } = await import('../backing/docker/docker-backing.ts')
    return startDockerRabbitmq(options, life)
  }
  const server = await startNativeRabbitmq({ ...options, binaries: await findServerBinaries(log) })
  return life.use(server, 'rabbitmq', ({ close }) => close())
}
