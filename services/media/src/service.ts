import { EventEmitter } from 'node:events'
import { announce, type Bus, connectBus } from '@kinora/common/bus'
import type { EventEnvelope } from '@kinora/common/contract'
import { events, media, TaskMessage } from '@kinora/common/contracts'
import { assertMigrated, connectDb, startOutboxRelay } from '@kinora/common/db'
import type { Base } from '@kinora/common/service'
import { openStore, s3Credentials } from '@kinora/common/storage'
import { sql } from 'kysely'
import { z } from 'zod'
import { startJobs } from './background/index.ts'
import type { MediaConfig } from './config.ts'
import type { Context } from './context.ts'
import { schema } from './db/migrations/index.ts'
import type { MediaDb } from './db/schema.ts'
import { playbackSigner } from './domain/playback-token.ts'
import { subscribeToEvents } from './events/index.ts'
import { openReadCache } from './infra/read-cache.ts'
import { openWebhooks } from './infra/webhook-settings.ts'
import { createMediaMetrics } from './media-metrics.ts'
import { videoReader } from './repositories/video-reader.ts'
import { handlers } from './rpc/index.ts'

export async function startMedia(base: Base, config: MediaConfig): Promise<Context> {
  const { life, logger, metrics, health } = base
  const db = life.use(
    connectDb<MediaDb>({ url: config.DATABASE_URL, schema: schema.schema, logger }),
    'database',
    (d) => d.destroy(),
  )
  await assertMigrated(db, schema)
  const secrets: [string, ...string[]] = [config.PLAYBACK_SECRET]
  if (config.PLAYBACK_SECRET_PREVIOUS) secrets.push(config.PLAYBACK_SECRET_PREVIOUS)
  const ctx: Context = {
    config,
    db,
    readVideo: videoReader(db),
    store: await openStore(config.STORAGE_URL, { credentials: s3Credentials(config) }),
    cache: life.use(openReadCache(config, logger), 'cache', (cache) => cache.close()),
    signer: playbackSigner(secrets),
    webhooks: openWebhooks(config),
    wake: new EventEmitter(),
    metrics: createMediaMetrics(metrics),
    logger,
  }
  const breaker = { failures: config.BREAKER_FAILURES, resetMs: config.BREAKER_RESET_MS }
  const bus = life.use(
    await connectBus({ url: config.AMQP_URL, service: 'media', logger, metrics, breaker }),
    'bus',
    (b) => b.drain(),
  )
  startRelay(base, ctx, bus)
  startJobs(life, ctx, bus)
  checkHealth(base, ctx, bus)
  await subscribeToEvents(bus, ctx)
  await bus.serve(media, handlers(ctx, bus))
  health.add('storage', async () => ({ ok: await ctx.store.check().then(() => true) }))
  return ctx
}

const QueuedTask = TaskMessage.extend({ queue: z.enum(['short', 'long']), priority: z.number().int().default(0) })

function startRelay({ life, logger }: Base, { db, wake }: Context, bus: Bus): void {
  const relay = startOutboxRelay(db, logger, async (kind, payload) => {
    if (kind === 'event') return await sayAloud(payload as EventEnvelope)
    const { queue, priority, ...message } = QueuedTask.parse(payload)
    await bus.sendTask(queue, message, priority)
  })
  async function sayAloud(envelope: EventEnvelope): Promise<void> {
    // Deliveries were written in the same transaction.
    if (envelope.type === events['video.milestone-reached'].type) wake.emit('webhooks')
    // The audit log must miss nothing: what belongs into it waits here until auth has been there to listen.
    if (envelope.type === events['audit.noted'].type) await bus.publish(envelope)
    else await announce(bus, envelope)
  }
  life.use(relay, 'outbox relay', (r) => r.stop())
  wake.on('outbox', () => relay.poke())
}

function checkHealth({ health }: Base, { db, cache }: Context, bus: Bus): void {
  health.add('database', async () => ({ ok: await sql`select 1`.execute(db).then(() => true) }))
  health.add('bus', () => {
    const status = bus.status()
    return { ok: status.connected, detail: { ...status } }
  })
  // Without it reading is slower and as right as ever.
  health.add('cache', () => ({ ok: true, detail: { state: cache.state() } }))
}
