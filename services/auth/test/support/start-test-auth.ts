import { join } from 'node:path'
import { Writable } from 'node:stream'
import { createMetrics, Health, Lifecycle } from '@kinora/common/service'
import type { TestEnvironment } from '@kinora/dev/harness'
import { pino } from 'pino'
import { onTestFinished } from 'vitest'
import type { AuthConfig } from '../../src/config.ts'
import type { Context } from '../../src/context.ts'
import { startAuth } from '../../src/service.ts'

export interface TestAuth {
  ctx: Context
  health: Health
  life: Lifecycle
  /** All log lines without redaction, so that tests find secrets that only redaction would hide. */
  logLines: string[]
  metric(name: string, labels?: Record<string, string>): Promise<number>
}

export interface TestAuthOptions {
  config?: Partial<AuthConfig>
  now?: () => Date
}

/** Starts auth as `main.ts` does; it stops with the environment at the latest. */
export async function startTestAuth(world: TestEnvironment, options: TestAuthOptions = {}): Promise<TestAuth> {
  const logLines: string[] = []
  const sink = new Writable({
    write(chunk, _encoding, done) {
      logLines.push(String(chunk))
      done()
    },
  })
  const life = world.use(new Lifecycle(), 'auth', (it) => it.close())
  const health = new Health()
  const metrics = createMetrics('auth')
  const base = { life, health, metrics, logger: pino({ level: 'trace' }, sink) }
  try {
    const { now } = options
    const ctx = await startAuth(base, { ...testConfig(world), ...options.config }, now ? { now } : {})
    return { ctx, health, life, logLines, metric: (name, labels) => readMetric(metrics, name, labels) }
  } catch (error) {
    await life.close()
    throw error
  }
}

/** Like `startTestAuth`, for one test. */
export async function withTestAuth(world: TestEnvironment, options?: TestAuthOptions): Promise<TestAuth> {
  const started = await startTestAuth(world, options)
  onTestFinished(() => started.life.close())
  return started
}

export function testConfig(world: TestEnvironment): AuthConfig {
  return {
    LOG_LEVEL: 'trace',
    AMQP_URL: world.amqpUrl('auth'),
    DATABASE_URL: world.databaseUrl('auth'),
    INTERNAL_HOST: '127.0.0.1',
    INTERNAL_PORT: 0,
    BREAKER_FAILURES: 5,
    BREAKER_RESET_MS: 60_000,
    KEY_ENCRYPTION_KEY: keyOf('k'),
    REFRESH_SECRET: keyOf('r'),
    PASSWORD_PEPPER: keyOf('p'),
    // The setting's minimum is 10; tests count hashes instead of measuring time.
    BCRYPT_COST: 4,
    PASSWORD_MIN_LENGTH: 8,
    HASH_CONCURRENCY: 2,
    HASH_WAIT_MS: 60_000,
    PUBLIC_URL: 'https://kinora.test',
    MAILBOX_DIR: join(world.storageDir, 'mailbox'),
    MAIL_RETRY_MS: 100,
    REGISTRATION: 'open',
    ISSUER: 'https://kinora.test',
    AUDIENCE: 'kinora-api',
    ACCESS_TOKEN_SECONDS: 900,
    REFRESH_TOKEN_SECONDS: 604_800,
    KEY_ROTATION_DAYS: 30,
    CORS_ORIGINS: ['https://app.kinora.test'],
    PRODUCT_NAME: 'Kinora Test',
    MFA_MAX_FAILURES: 10,
    MFA_LOCK_SECONDS: 900,
    API_KEYS_PER_ACCOUNT: 50,
    PROJECTS_PER_ACCOUNT: 20,
    CLEANUP_INTERVAL_MS: 600_000,
  }
}

function keyOf(letter: string): string {
  return Buffer.alloc(32, letter).toString('base64')
}

async function readMetric(
  registry: ReturnType<typeof createMetrics>,
  name: string,
  labels: Record<string, string> = {},
): Promise<number> {
  const metric = (await registry.getMetricsAsJSON()).find((it) => it.name === name)
  const matching = metric?.values.filter((value) =>
    Object.entries(labels).every(([key, wanted]) => value.labels[key] === wanted),
  )
  return matching?.reduce((sum, { value }) => sum + value, 0) ?? 0
}
