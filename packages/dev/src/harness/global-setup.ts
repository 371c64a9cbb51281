import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Lifecycle } from '@kinora/common/service'
import type { TestProject } from 'vitest/node'
import { startBacking } from '../backing/index.ts'
import { startS3 } from '../backing/start-s3.ts'
import type { S3Access } from '../provision/storage.ts'
import { type ProvidedBacking, provideBacking } from './provide-backing.ts'

type Run = { users: number; life: Lifecycle; provided: Promise<ProvidedBacking> }

// Each vitest project loads this file again in the same process; the servers start once for all of them.
const RUN = Symbol.for('kinora.test-run')
const shared = globalThis as typeof globalThis & { [RUN]?: Run }

/** vitest's globalSetup: starts the backing servers for the run, and provides their addresses to the test files. */
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

const log = (line: string) => void process.stdout.write(`${line}\n`)

async function prepare(life: Lifecycle): Promise<ProvidedBacking> {
  const dir = life.use(mkdtempSync(join(tmpdir(), 'kinora-test-')), 'folder', removeFolder)
  const backing = life.use(await startBacking({ dir, durable: false, log }), 'backing', (it) => it.stop())
  const provided = await provideBacking(backing, life)
  return process.env.KINORA_E2E_STORAGE === 's3' ? { ...provided, s3: await provideS3(provided, life) } : provided
}

async function provideS3({ kind }: ProvidedBacking, life: Lifecycle): Promise<S3Access> {
  const { control: _, ...access } = await startS3(kind, log, life)
  return access
}

function removeFolder(dir: string): void {
  rmSync(dir, { recursive: true, force: true })
}
