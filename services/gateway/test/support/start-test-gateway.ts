import { Writable } from 'node:stream'
import { createMetrics, Health, Lifecycle } from '@kinora/common/service'
import type { TestEnvironment } from '@kinora/dev/harness'
import { pino } from 'pino'
import { gatewayConfig } from '../../src/config.ts'
import { startGateway } from '../../src/service.ts'
import { AUDIENCE, ISSUER } from './access-tokens.ts'

export interface TestGateway {
  url: string
  port: number
  health: Health
  life: Lifecycle
  /** All log lines. */
  log: string[]
  metrics(): Promise<string>
}

/** Signs links that the gateway checks by itself. */
export const PLAYBACK_SECRET = Buffer.alloc(32, 'p').toString('base64')

/** Allowances that no test uses up by accident. */
const GENEROUS = '100000/60'

/**
 * One gateway, started as `main.ts` would, that ends with the world, if not before. Without logging's redaction: that is a
 * net, not an excuse.
 */
export async function startTestGateway(world: TestEnvironment, env: Record<string, string> = {}): Promise<TestGateway> {
  const log: string[] = []
  const sink = new Writable({
    write(chunk, _encoding, done) {
      log.push(String(chunk))
      done()
    },
  })
  const life = world.use(new Lifecycle(), 'gateway', (it) => it.close())
  const health = new Health()
  const registry = createMetrics('gateway')
  const config = gatewayConfig.parse({
    AMQP_URL: world.amqpUrl('gateway'),
    REDIS_URL: world.redisUrl,
    REDIS_PREFIX: `${world.redisPrefix}${crypto.randomUUID()}:`,
    STORAGE_URL: world.storageUrl,
    ISSUER,
    AUDIENCE,
    PORT: '0',
    PUBLIC_URL: 'http://kinora.test',
    CSRF_SECRET: Buffer.alloc(32, 'c').toString('base64'),
    PLAYBACK_SECRET,
    BREAKER_RESET_MS: '500',
    RATE_LIMIT_REGISTER: GENEROUS,
    RATE_LIMIT_LOGIN: GENEROUS,
    RATE_LIMIT_REFRESH: GENEROUS,
    RATE_LIMIT_PASSWORD: GENEROUS,
    RATE_LIMIT_MFA: GENEROUS,
    RATE_LIMIT_MAIL: GENEROUS,
    RATE_LIMIT_MAIL_TOKEN: GENEROUS,
    RATE_LIMIT_ANONYMOUS: GENEROUS,
    RATE_LIMIT_USER: GENEROUS,
    RATE_LIMIT_API_KEY: GENEROUS,
    RATE_LIMIT_KEY_LOOKUP: GENEROUS,
    RATE_LIMIT_UPLOAD: GENEROUS,
    RATE_LIMIT_CAPTIONS: GENEROUS,
    RATE_LIMIT_EXPORT: GENEROUS,
    RATE_LIMIT_PLAYBACK: GENEROUS,
    RATE_LIMIT_STILL: GENEROUS,
    ...env,
  })
  try {
    const { url, port } = await startGateway({ life, health, metrics: registry, logger: pino(sink) }, config)
    return { url, port, health, life, log, metrics: () => registry.metrics() }
  } catch (error) {
    await life.close()
    throw error
  }
}
