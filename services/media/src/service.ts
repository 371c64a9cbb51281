import { EventEmitter } from 'node:events'
import { type Bus, connectBus } from '@kinora/common/bus'
import type { EventEnvelope } from '@kinora/common/contract'
import { events, media, TaskMessage } from '@kinora/common/contracts'
import { assertMigrated, connectDb, startOutboxRelay } from '@kinora/common/db'
import { playbackSigner } from '@kinora/common/playback-token'
import { createSecretCipher } from '@kinora/common/secret-cipher'
import { type Base, startLoop } from '@kinora/common/service'
import { guardedStore, openStore, s3Credentials } from '@kinora/common/storage'
import { sql } from 'kysely'
import { z } from 'zod'
import { startJobs } from './background/index.ts'
import type { MediaConfig } from './config.ts'
import type { Context, WebhookSettings } from './context.ts'
import { schema } from './db/migrations/index.ts'
import type { MediaDb } from './db/schema.ts'
import { subscribeToEvents } from './events/index.ts'
import { openReadCache } from './infra/read-cache.ts'
import { addressRule } from './infra/webhook-address.ts'
import { createMediaMetrics } from './media-metrics.ts'
import { StoreOwnership } from './operations/store-ownership.ts'
import { videoReader } from './repositories/videos.ts'
import { handlers } from './rpc/index.ts'

export async function startMedia(
  base: Base,
  config: MediaConfig,
  { now = () => new Date() }: Partial<Pick<Context, 'now'>> = {},
): Promise<Context> {
  const { life, logger, metrics } = base
  const db = life.use(
    connectDb<MediaDb>({ url: config.DATABASE_URL, schema: schema.schema, logger }),
    'database',
    (d) => d.destroy(),
  )
  await assertMigrated(db, schema)
  const secrets: [string, ...string[]] = [config.PLAYBACK_SECRET]
  if (config.PLAYBACK_SECRET_PREVIOUS) secrets.push(config.PLAYBACK_SECRET_PREVIOUS)
  const store = await openStore(config.STORAGE_URL, { credentials: s3Credentials(config) })
  const ownership = new StoreOwnership(db, store, logger)
  const ctx: Context = {
    config,
    db,
    readVideo: videoReader(db),
    store: guardedStore(store, () => ownership.assertUsable()),
    ownership,
    cache: life.use(openReadCache(config, logger), 'cache', (cache) => cache.close()),
    signer: playbackSigner(secrets, now),
    webhooks: webhookSettings(config),
    wake: new EventEmitter(),
    metrics: createMediaMetrics(metrics),
    logger,
    now,
  }
  const breaker = { failures: config.BREAKER_FAILURES, resetMs: config.BREAKER_RESET_MS }
  const bus = life.use(
    await connectBus({ url: config.AMQP_URL, service: 'media', logger, metrics, breaker }),
    'bus',
    (b) => b.drain(),
  )
  checkHealth(base, ctx, bus)
  await bus.serve(media, handlers(ctx, bus))
  await whenUsable(base, ctx, async () => {
    await subscribeToEvents(bus, ctx)
    startRelay(base, ctx, bus)
    startJobs(life, ctx, bus)
  })
  return ctx
}

function webhookSettings(config: MediaConfig): WebhookSettings {
  return {
    cipher: createSecretCipher(Buffer.from(config.WEBHOOK_ENCRYPTION_KEY, 'base64'), 'kinora webhook secrets'),
    target: {
      allowHttp: config.WEBHOOK_ALLOW_HTTP,
      allowsAddress: addressRule(config.WEBHOOK_ALLOWED_NETWORKS),
    },
    perAccount: config.WEBHOOKS_PER_ACCOUNT,
    pendingPings: config.MAX_PENDING_PINGS,
  }
}

const SWEEP_WAITS =
  'Unusually many uploads have expired at once. Check the clocks and the database, then run: kinora storage sweep'
const COMPARE_MS = 5000
const RENEW_MS = 60_000

/**
 * Starts consumers and background jobs once store and database are known to belong together, and keeps comparing the two.
 * Events that were consumed with the wrong database would be missing in the right one.
 */
async function whenUsable({ life, logger }: Base, ctx: Context, begin: () => Promise<void>): Promise<void> {
  const { ownership, metrics } = ctx
  let begun = false
  let renewedAt = Number.NEGATIVE_INFINITY
  async function compare(): Promise<void> {
    if (!begun || performance.now() - renewedAt >= RENEW_MS) {
      await ownership.renew()
      renewedAt = performance.now()
    }
    metrics.storeMismatch.set(ownership.status.state === 'own' ? 0 : 1)
    if (begun || !ownership.usable) return
    await begin()
    begun = true
  }
  await compare()
  life.use(startLoop('compare store and database', COMPARE_MS, compare, logger), 'store comparison', (it) => it.stop())
}

const QueuedTask = TaskMessage.extend({
  queue: z.enum(['short', 'long', 'transcribe']),
  priority: z.number().int().default(0),
})

function startRelay({ life, logger }: Base, { db, wake }: Context, bus: Bus): void {
  const relay = startOutboxRelay(db, logger, async (kind, payload) => {
    if (kind === 'event') return await publishEvent(payload as EventEnvelope)
    const { queue, priority, ...message } = QueuedTask.parse(payload)
    await bus.sendTask(queue, message, priority)
  })
  async function publishEvent(envelope: EventEnvelope): Promise<void> {
    // Deliveries were written in the same transaction.
    if (envelope.type === events['video.milestone-reached'].type) wake.emit('webhooks')
    // The audit log must be complete: its events stay in the outbox until auth's queue exists.
    if (envelope.type === events['audit.noted'].type) await bus.publish(envelope)
    else await bus.publish(envelope, { ifHeard: true })
  }
  life.use(relay, 'outbox relay', (r) => r.stop())
  wake.on('outbox', () => relay.poke())
}

function checkHealth({ health }: Base, { db, cache, store, ownership, metrics }: Context, bus: Bus): void {
  health.add('database', async () => ({ ok: await sql`select 1`.execute(db).then(() => true) }))
  health.add('bus', () => {
    const status = bus.status()
    return { ok: status.connected && status.reachable, detail: { ...status } }
  })
  health.add('storage', async () => {
    const { state, problem } = ownership.status
    await store.check()
    return { ok: ownership.usable, detail: { state, ...(problem !== null && { problem }) } }
  })
  health.add('sweep', async () => {
    const waiting = (await metrics.sweepWaiting.get()).values[0]?.value ?? 0
    return { ok: true, detail: { waiting, ...(waiting > 0 && { problem: SWEEP_WAITS }) } }
  })
  // Without the cache reads are slower, and as correct.
  health.add('cache', () => ({ ok: true, detail: { state: cache.state() } }))
}
