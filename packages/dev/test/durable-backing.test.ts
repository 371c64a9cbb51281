import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Lifecycle } from '@kinora/common/service'
import { openInstallation } from '@kinora/dev/system'
import pg from 'pg'
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { BackingKind } from '../src/backing/servers-memory.ts'
import { startBacking } from '../src/backing/start-backing.ts'

// The choice is what is tested: whoever runs the tests may have forced it.
delete process.env.KINORA_BACKING

const life = new Lifecycle()
afterAll(() => life.close())
const remove = (it: string) => rmSync(it, { recursive: true, force: true })
const dir = life.use(mkdtempSync(join(tmpdir(), 'kinora-durable-')), 'folder', remove)
const lines: string[] = []

beforeEach(() => {
  lines.length = 0
})
afterEach(() => {
  vi.unstubAllEnvs()
})

interface Seen {
  marks: string[]
  storage: string
}

/** Opens the installation, adds a mark, reads all marks, and closes it. */
async function start(mark: string, change?: BackingKind): Promise<Seen> {
  const inner = new Lifecycle()
  const console = {
    line: (text: string) => void lines.push(text),
    update: () => {},
    step: <T>(_: string, work: () => Promise<T>) => work(),
  }
  try {
    const { installation } = await openInstallation(dir, inner, console, change)
    const client = new pg.Client({ connectionString: installation.databaseUrl('auth') })
    await client.connect()
    try {
      await client.query(
        "insert into auth.revocations (sequence, session_ids, reason, created_at, expires_at) select count(*), '{}', $1, now(), now() from auth.revocations",
        [mark],
      )
      const { rows } = await client.query<{ reason: string }>('select reason from auth.revocations order by sequence')
      return { marks: rows.map(({ reason }) => reason), storage: fileURLToPath(installation.storageUrl) }
    } finally {
      await client.end()
    }
  } finally {
    await inner.close()
  }
}

test('an installation keeps its servers, refuses others, changes by the flag, and finds its data when it is back', async () => {
  vi.stubEnv('KINORA_BACKING', 'native')
  expect(await start('first')).toEqual({ marks: ['first'], storage: join(dir, 'storage') })
  expect(existsSync(join(dir, 'servers.json'))).toBe(true)

  const given = await servers()
  vi.unstubAllEnvs()
  for (const [name, url] of Object.entries(given)) vi.stubEnv(name, url)
  await expect(start('lost')).rejects.toThrow('(native servers), but KINORA_POSTGRES_ADMIN_URL names 127.0.0.1:')
  const storage = join(dir, 'storage-environment')
  expect(await start('elsewhere', 'environment')).toEqual({ marks: ['elsewhere'], storage })
  expect(lines.join('\n')).toContain('Changing servers from native to environment.')
  expect(await start('again')).toEqual({ marks: ['elsewhere', 'again'], storage })

  vi.unstubAllEnvs()
  await expect(start('lost')).rejects.toThrow('the environment names no servers')
  const back = await start('back', 'native')
  expect(back).toEqual({ marks: ['first', 'back'], storage: join(dir, 'storage') })
})

test('data that is gone is missed, not begun again; a folder without a memory is recognised by its data', async () => {
  renameSync(join(dir, 'postgres', 'data'), join(dir, 'postgres', 'elsewhere'))
  await expect(start('lost')).rejects.toThrow('the folder is gone')
  renameSync(join(dir, 'postgres', 'elsewhere'), join(dir, 'postgres', 'data'))
  rmSync(join(dir, 'servers.json'))
  expect((await start('recognised')).marks).toEqual(['first', 'back', 'recognised'])
  expect(existsSync(join(dir, 'servers.json'))).toBe(true)
})

/** Servers that the installation takes for somebody else's. */
async function servers(): Promise<Record<string, string>> {
  const folder = life.use(mkdtempSync(join(tmpdir(), 'kinora-given-')), 'folder of the others', remove)
  const backing = life.use(await startBacking({ dir: folder, durable: false, log: () => {} }), 'others', (it) =>
    it.stop(),
  )
  return {
    KINORA_POSTGRES_ADMIN_URL: backing.postgres.adminUrl,
    KINORA_RABBITMQ_ADMIN_URL: backing.rabbitmq.adminUrl,
    KINORA_RABBITMQ_MANAGEMENT_URL: backing.rabbitmq.managementUrl,
    KINORA_REDIS_URL: backing.redis.url,
  }
}
