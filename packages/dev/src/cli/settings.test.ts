import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { REPOSITORY } from '../repository.ts'
import { SETTINGS } from './settings.ts'

/** What `npm start` and docker-compose.yml say themselves, or nobody has to tune. */
const FIXED = new Set([
  ...[
    'AMQP_URL',
    'DATABASE_URL',
    'REDIS_URL',
    'REDIS_PREFIX',
    'STORAGE_URL',
    'PUBLIC_URL',
    'PORT',
    'ISSUER',
    'AUDIENCE',
  ],
  ...[
    'HOST',
    'INTERNAL_HOST',
    'INTERNAL_PORT',
    'MAILBOX_DIR',
    'WORK_DIR',
    'WORKER_NAME',
    'FFMPEG_PATH',
    'FFPROBE_PATH',
  ],
  ...['KEY_ENCRYPTION_KEY', 'REFRESH_SECRET', 'PASSWORD_PEPPER', 'PLAYBACK_SECRET', 'CSRF_SECRET'],
  ...['WEBHOOK_ENCRYPTION_KEY', 'WEBHOOK_POLL_MS'],
  ...['HASH_CONCURRENCY', 'HASH_WAIT_MS', 'CLEANUP_INTERVAL_MS', 'MAX_CONNECTIONS', 'DRAIN_MS', 'WORKER_THREADS'],
  ...['LEASE_MS', 'REAPER_MS', 'RECEIPTS_MS', 'RESEND_MS', 'MAX_FRAME_RATE', 'MAX_STREAMS'],
])
const read = (path: string) => readFileSync(join(REPOSITORY, path), 'utf8')
const compose = read('docker-compose.yml')

/** By text: this package does not depend on every service. */
const sources = ['auth', 'gateway', 'media', 'worker'].map((name) => `services/${name}/src/config.ts`)
const settings = [...sources, 'packages/common/src/service/config.ts']
  .flatMap((path) => [...read(path).matchAll(/^ {2}([A-Z][A-Z0-9_]+):/gm)].map(([, name = '']) => name))
  .filter((name) => !FIXED.has(name))

test.each([...new Set(settings)])('%s can be set for npm start and for docker compose', (name) => {
  expect(SETTINGS).toContain(name)
  expect(compose).toMatch(new RegExp(`^ +${name}: \\$\\{${name}:-`, 'm'))
})
