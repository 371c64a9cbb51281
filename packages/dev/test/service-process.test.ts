import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, until } from '@kinora/dev/harness'
import { afterAll, afterEach, expect, test } from 'vitest'
import { createServiceProcess, type ServiceProcess } from '../src/system/service-process.ts'

const dir = mkdtempSync(join(tmpdir(), 'kinora-service-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

let service: ServiceProcess | undefined
afterEach(() => service?.stop())

/** A program that behaves as a service from outside: it opens a port, handles signals, prints lines and exits. */
async function prepare(program: string, onUnexpectedExit: (how: string) => void = () => {}): Promise<ServiceProcess> {
  const entry = join(dir, `${Math.random()}.mjs`)
  writeFileSync(entry, `import { createServer } from 'node:http'\nconst env = process.env\n${program}`)
  const port = await freePort()
  const env = { PATH: process.env.PATH ?? '', PORT: String(port) }
  const internalUrl = `http://127.0.0.1:${port}`
  service = createServiceProcess({
    name: 'sample',
    entry,
    env,
    internalUrl,
    onLine: () => {},
    onStoreProblem: () => {},
    onUnexpectedExit,
  })
  return service
}

const READY = `createServer((_, response) => response.end('ok')).listen(env.PORT, '127.0.0.1');`

test('a service is started when it says that it is ready', async () => {
  const sample = await prepare(`let n = 0
    createServer((_, response) => { response.statusCode = ++n < 3 ? 503 : 200; response.end() }).listen(env.PORT, '127.0.0.1')`)
  await sample.start()
  expect(sample.running).toBe(true)
})

test('a service that ends before it is ready is reported with its last lines', async () => {
  const sample = await prepare(`console.error('no database'); process.exit(3)`)
  await expect(sample.start()).rejects.toThrow(/it exited with 3\n.*no database/s)
})

test('an end that nobody asked for is reported, one that was asked for is not', async () => {
  const ends: string[] = []
  const sample = await prepare(`${READY} setTimeout(() => process.exit(7), 300)`, (how) => ends.push(how))
  await sample.start()
  await until(() => ends.length > 0)
  expect(ends).toEqual(['it exited with 7'])
  await sample.start()
  await sample.signal('SIGKILL')
  expect(sample.running).toBe(false)
  expect(ends).toHaveLength(1)
})

test('a service sees its own environment and nothing of ours', async () => {
  process.env.SOMEBODY_ELSES_SECRET = 'x'
  const sample = await prepare(`${READY} console.log(Object.keys(env).sort().join())`)
  await sample.start()
  delete process.env.SOMEBODY_ELSES_SECRET
  expect(await until(() => sample.lastLines().at(-1))).toBe('PATH,PORT')
})

test('a frozen service goes on when it is released', async () => {
  const sample = await prepare(READY)
  await sample.start()
  await sample.signal('SIGSTOP')
  expect(sample.running).toBe(true)
  await sample.signal('SIGCONT')
  await sample.stop()
  expect(sample.running).toBe(false)
})
