import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Lifecycle } from '@kinora/common/service'
import type { TestProject } from 'vitest/node'
import { type Backing, startBacking } from '../backing/index.ts'
import { createDatabase, dropDatabase, onDatabase, provisionDatabase } from '../provision/database.ts'
import { BROKER_USERS, derivedPasswords, SCHEMAS } from '../provision/identities.ts'
import type { ProvidedBacking } from './provided.ts'

type Run = { users: number; life: Lifecycle; provided: Promise<ProvidedBacking> }

// Each vitest project loads this file anew, in the same process: the servers boot once for all of them.
const RUN = Symbol.for('kinora.test-run')
const shared = globalThis as typeof globalThis & { [RUN]?: Run }

/** vitest's globalSetup: starts the backing servers for the run, and tells the test files where they are. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  shared[RUN] ??= startRun()
  const run = shared[RUN]
  run.users += 1
  try {
    project.provide('backing', await run.provided)
  } catch (error) {
    await release(run)
    throw error
  }
  return () => release(run)
}

function startRun(): Run {
  const life = new Lifecycle()
  return { users: 0, life, provided: prepare(life) }
}

async function release(run: Run): Promise<void> {
  run.users -= 1
  if (run.users > 0) return
  delete shared[RUN]
  await run.life.close()
}

async function prepare(life: Lifecycle): Promise<ProvidedBacking> {
  const log = (line: string) => void process.stdout.write(`${line}\n`)
  const dir = life.use(mkdtempSync(join(tmpdir(), 'kinora-test-')), 'folder', removeFolder)
  const backing = life.use(await startBacking({ dir, durable: false, log }), 'backing', (it) => it.stop())
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

function removeFolder(dir: string): void {
  rmSync(dir, { recursive: true, force: true })
}
