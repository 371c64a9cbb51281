import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { closeOnFailure } from '@kinora/common/service'
import { afterAll } from 'vitest'
import { newServiceKeys, type System, type SystemOptions, startSystem } from '../system/index.ts'
import { useTestEnvironment } from './test-environment.ts'

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
