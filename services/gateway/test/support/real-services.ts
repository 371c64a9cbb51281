import { randomBytes } from 'node:crypto'
import { createMetrics, Health, Lifecycle } from '@kinora/common/service'
import { type TestEnvironment, until } from '@kinora/dev/harness'
import { pino } from 'pino'
import { authConfig } from '../../../auth/src/config.ts'
import type { Context as AuthContext } from '../../../auth/src/context.ts'
import { startAuth } from '../../../auth/src/service.ts'
import { mediaConfig } from '../../../media/src/config.ts'
import { startMedia } from '../../../media/src/service.ts'
import { AUDIENCE, ISSUER } from './access-tokens.ts'

const secret = () => randomBytes(32).toString('base64')
const secretsOfMedia = { PLAYBACK_SECRET: secret(), WEBHOOK_ENCRYPTION_KEY: secret() }

function baseOf(world: TestEnvironment, name: string) {
  const life = world.use(new Lifecycle(), name, (it) => it.close())
  return { life, health: new Health(), metrics: createMetrics(name), logger: pino({ level: 'silent' }) }
}

/** Auth as `main.ts` would start it, with a clock of the test. */
export async function startRealAuth(world: TestEnvironment, now?: () => Date): Promise<AuthContext> {
  const keys = { KEY_ENCRYPTION_KEY: secret(), REFRESH_SECRET: secret(), PASSWORD_PEPPER: secret() }
  const servers = { AMQP_URL: world.amqpUrl('auth'), DATABASE_URL: world.databaseUrl('auth') }
  const config = authConfig.parse({ ...servers, ...keys, BCRYPT_COST: '10', ISSUER, AUDIENCE })
  return await startAuth(baseOf(world, 'auth'), config, now && { now })
}

/** Media as `main.ts` would start it; the lifecycle stops it. */
export async function startRealMedia(world: TestEnvironment): Promise<Lifecycle> {
  const base = baseOf(world, 'media')
  const servers = { AMQP_URL: world.amqpUrl('media'), DATABASE_URL: world.databaseUrl('media') }
  const store = { STORAGE_URL: world.storageUrl, PUBLIC_URL: 'http://kinora.test' }
  await startMedia(base, mediaConfig.parse({ ...servers, ...secretsOfMedia, ...store }))
  return base.life
}

export async function ready({ health }: { health: Health }): Promise<void> {
  await until(async () => (await health.report()).ready)
}
