import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { IMAGES } from '@kinora/dev/backing'
import { until } from '@kinora/dev/harness'
import { Redis } from 'ioredis'
import { afterAll, expect, test } from 'vitest'
import { adminPasswords } from '../src/backing/backing.ts'
import { findServerBinaries } from '../src/backing/native/binaries.ts'
import { startNativeRedis } from '../src/backing/native/native-redis.ts'
import { probeRedis } from '../src/backing/probes.ts'
import { lockFolder } from '../src/backing/start-backing.ts'
import { readLivePid, writePidFile } from '../src/processes.ts'
import { REPOSITORY } from '../src/repository.ts'

const dir = mkdtempSync(join(tmpdir(), 'kinora-backing-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

test('a folder is used by one process at a time', () => {
  const unlock = lockFolder(dir)
  expect(() => lockFolder(dir)).toThrow(`already running in ${dir} (process ${process.pid})`)
  unlock()
  lockFolder(dir)()
})

test('a process that ended, or a stranger with its number, is not taken for ours', async () => {
  const file = join(dir, 'some.pid')
  const child = spawn('sleep', ['60'])
  writePidFile(file, child.pid ?? 0)
  expect(readLivePid(file)).toBe(child.pid)
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(readLivePid(file)).toBeUndefined()
  rmSync(file, { force: true })
})

test("the administrators' passwords are made once and only their owner can read them", () => {
  const passwords = adminPasswords(dir)
  expect(adminPasswords(dir)).toEqual(passwords)
  expect(statSync(join(dir, 'backing.json')).mode & 0o777).toBe(0o600)
})

test('a server left over by a run that was killed is ended by the next one', async () => {
  const log: string[] = []
  const options = { dir, durable: true, log: (line: string) => log.push(line), passwords: adminPasswords(dir) }
  const binaries = await findServerBinaries(options.log)
  const first = await startNativeRedis({ ...options, binaries, durable: false })
  const second = await startNativeRedis({ ...options, binaries })
  expect(log.join()).toContain('left over by an earlier run')
  await expect(probeRedis(first.url)).rejects.toThrow()
  await probeRedis(second.url)
  await second.control.stop()
})

test('a durable server that is killed comes back with its data, one that was stopped stays away', async () => {
  const log: string[] = []
  const options = { dir, durable: true, log: (line: string) => log.push(line), passwords: adminPasswords(dir) }
  const { url, control } = await startNativeRedis({ ...options, binaries: await findServerBinaries(options.log) })
  const redis = new Redis(url)
  redis.on('error', () => {})
  await redis.set('kept', 'yes')
  process.kill(readLivePid(join(dir, 'redis', 'redis.pid')) ?? 0, 'SIGKILL')
  await until(() => log.some((line) => line === 'redis is back'))
  await until(async () => (await redis.get('kept').catch(() => undefined)) === 'yes')
  redis.disconnect()
  await control.stop()
  await expect(probeRedis(url)).rejects.toThrow()
})

test('docker compose runs the same images', () => {
  const compose = readFileSync(join(REPOSITORY, 'docker-compose.yml'), 'utf8')
  for (const image of Object.values(IMAGES)) expect(compose).toContain(`image: ${image}\n`)
})
