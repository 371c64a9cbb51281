import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Lifecycle } from '@kinora/common/service'
import { afterAll, inject } from 'vitest'
import { adminPasswords } from '../backing/admin-passwords.ts'
import type { Backing, ServerControl } from '../backing/backing.ts'
import { startDockerBacking } from '../backing/docker/docker-backing.ts'
import { startNativeBacking } from '../backing/native/native-backing.ts'
import { closeOnFailure } from '../close-on-failure.ts'
import { provideBacking } from './provide-backing.ts'
import './provided.ts'
import { createTestEnvironment, type TestEnvironment } from './test-environment.ts'

/** A world on servers of its own, each to be killed, stopped and started again. */
export type PrivateTestEnvironment = TestEnvironment & {
  servers: Record<'postgres' | 'rabbitmq' | 'redis', ServerControl>
}

const log = (line: string) => void process.stderr.write(`${line}\n`)

/** At the top of a test file that brings down more than a broker (else `privateBroker`). Ended after its last test. */
export async function privateTestEnvironment(): Promise<PrivateTestEnvironment> {
  return closeOnFailure(async (life) => {
    const world = await start(life)
    afterAll(() => life.close())
    return world
  })
}

async function start(life: Lifecycle): Promise<PrivateTestEnvironment> {
  const dir = mkdtempSync(join(tmpdir(), 'kinora-private-'))
  life.use(dir, 'folder', (it) => rmSync(it, { recursive: true, force: true }))
  const options = { dir, durable: false, log, passwords: adminPasswords(dir) }
  const startServers = inject('backing').kind === 'docker' ? startDockerBacking : startNativeBacking
  const backing = life.use(await startServers(options), 'backing', (it) => it.stop())
  const world = await createTestEnvironment(await provideBacking(backing, life))
  life.use(world, 'world', (it) => it.remove())
  return {
    ...world,
    servers: {
      postgres: controlOf(backing.postgres),
      rabbitmq: controlOf(backing.rabbitmq),
      redis: controlOf(backing.redis),
    },
  }
}

function controlOf({ control }: Backing['postgres' | 'rabbitmq' | 'redis']): ServerControl {
  if (!control) throw new Error('A server of our own cannot be controlled')
  return control
}
