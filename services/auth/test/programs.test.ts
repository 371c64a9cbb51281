import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { freePort, until, useTestEnvironment } from '@kinora/dev/harness'
import pg from 'pg'
import { describe, expect, it, onTestFinished } from 'vitest'
import { testConfig } from './support/start-test-auth.ts'

const world = await useTestEnvironment()
const require = createRequire(import.meta.url)

// Each test compiles a whole program while other tests run.
const options = { timeout: 90_000 }

describe('migrate', options, () => {
  it('changes nothing on a database that is up to date, and may run twice at once', async () => {
    // The world's role is shared with other tests, so it keeps its password.
    const env = {
      DATABASE_ADMIN_URL: world.adminDatabaseUrl,
      AUTH_DB_PASSWORD: decodeURIComponent(new URL(world.databaseUrl('auth')).password),
    }
    const before = await migrations()
    const runs = await Promise.all([run('migrate.ts', env).ended, run('migrate.ts', env).ended])
    expect(runs).toEqual([
      { code: 0, errors: '' },
      { code: 0, errors: '' },
    ])
    expect(await migrations()).toEqual(before)
  })

  it('names every variable that is missing', async () => {
    const { code, errors } = await run('migrate.ts', {}).ended
    expect(code).toBe(1)
    expect(errors).toMatch(/DATABASE_ADMIN_URL[\s\S]*AUTH_DB_PASSWORD/)
  })
})

describe('main', options, () => {
  it('starts from the environment, reports ready, and ends cleanly on SIGTERM', async () => {
    const port = await freePort()
    const config = { ...testConfig(world), BCRYPT_COST: 10, INTERNAL_PORT: port }
    const service = run('main.ts', asEnvironment(config))
    await until(async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok, { timeoutMs: 60_000 })
    service.child.kill('SIGTERM')
    expect(await service.ended).toEqual({ code: 0, errors: '' })
  })

  it('lives, but is not ready, while it waits for a broker that is not there', async () => {
    const [port, nobody] = [await freePort(), await freePort()]
    const config = {
      ...testConfig(world),
      BCRYPT_COST: 10,
      INTERNAL_PORT: port,
      AMQP_URL: `amqp://127.0.0.1:${nobody}`,
    }
    const service = run('main.ts', asEnvironment(config))
    await until(async () => (await fetch(`http://127.0.0.1:${port}/livez`)).ok, { timeoutMs: 60_000 })
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(503)
    service.child.kill('SIGTERM')
    expect((await service.ended).code).toBe(0)
  })

  it('names every variable that is missing or weak, and no value', async () => {
    const config = { ...asEnvironment(testConfig(world)), BCRYPT_COST: '9', REFRESH_SECRET: 'c2hvcnQ=' }
    const { code, errors } = await run('main.ts', config).ended
    expect(code).toBe(1)
    expect(errors).toMatch(/BCRYPT_COST[\s\S]*REFRESH_SECRET|REFRESH_SECRET[\s\S]*BCRYPT_COST/)
    expect(errors).not.toContain('c2hvcnQ=')
  })
})

interface Run {
  child: ChildProcess
  ended: Promise<{ code: number | null; errors: string }>
}

function run(program: string, env: Record<string, string>): Run {
  const file = fileURLToPath(new URL(`../src/${program}`, import.meta.url))
  const child = spawn(process.execPath, ['--conditions=development', '--import', require.resolve('tsx'), file], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let errors = ''
  child.stderr?.on('data', (chunk) => {
    errors += chunk
  })
  return { child, ended: once(child, 'close').then(([code]) => ({ code, errors })) }
}

function asEnvironment(config: object): Record<string, string> {
  return Object.fromEntries(Object.entries(config).map(([name, value]) => [name, String(value)]))
}

async function migrations(): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: world.adminDatabaseUrl })
  await client.connect()
  try {
    return (await client.query('select name, applied_at from auth.migrations order by name')).rows
  } finally {
    await client.end()
  }
}
