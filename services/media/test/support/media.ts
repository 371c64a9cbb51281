import { randomBytes, randomUUID } from 'node:crypto'
import { createLogger, createMetrics, Health, Lifecycle } from '@kinora/common/service'
import type { TestEnvironment } from '@kinora/dev/harness'
import { type MediaConfig, mediaConfig } from '../../src/config.ts'
import type { Context } from '../../src/context.ts'
import { startMedia } from '../../src/service.ts'

export interface TestMedia {
  ctx: Context
  health: Health
  stop(): Promise<void>
}

const PLAYBACK_SECRET = randomBytes(32).toString('base64')
const WEBHOOK_ENCRYPTION_KEY = randomBytes(32).toString('base64')

/** A media process on this world, started as `main.ts` would; it ends with the world, if not before. */
export async function startTestMedia(world: TestEnvironment, changes: Partial<MediaConfig> = {}): Promise<TestMedia> {
  const config = {
    ...mediaConfig.parse({
      AMQP_URL: world.amqpUrl('media'),
      DATABASE_URL: world.databaseUrl('media'),
      REDIS_URL: world.redisUrl,
      REDIS_PREFIX: world.redisPrefix,
      STORAGE_URL: world.storageUrl,
      PUBLIC_URL: 'https://kinora.test',
      PLAYBACK_SECRET,
      WEBHOOK_ENCRYPTION_KEY,
      REAPER_MS: 50,
      RECEIPTS_MS: 50,
    }),
    ...changes,
  }
  const life = world.use(new Lifecycle(), 'media', (it) => it.close())
  const health = new Health()
  const logger = createLogger('test', process.env.TEST_LOG ?? 'silent')
  try {
    const ctx = await startMedia({ life, health, logger, metrics: createMetrics(`media-${randomUUID()}`) }, config)
    return { ctx, health, stop: () => life.close() }
  } catch (error) {
    await life.close()
    throw error
  }
}
