import { randomUUID } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { connectBus } from '@kinora/common/bus'
import { events, media } from '@kinora/common/contracts'
import { playbackSigner } from '@kinora/common/playback-token'
import { allowedOrigins, type Base } from '@kinora/common/service'
import { guardedStore, openStore, StoreCheck, s3Credentials } from '@kinora/common/storage'
import { createApp } from './app.ts'
import type { GatewayConfig } from './config.ts'
import type { Context } from './context.ts'
import { watchDependencies } from './health.ts'
import { admission } from './http/admission.ts'
import { drain, listen, portOf } from './http/server.ts'
import { httpMetrics } from './http/telemetry.ts'
import { onceByKey } from './idempotency/once.ts'
import { ApiKeys } from './identity/api-keys.ts'
import { authenticator } from './identity/authenticate.ts'
import { EndListeners } from './identity/end-listeners.ts'
import { EventsTokens } from './identity/events-tokens.ts'
import { KeySet } from './identity/key-set.ts'
import { Memberships } from './identity/memberships.ts'
import { Revocations } from './identity/revocations.ts'
import { AccessTokens } from './identity/tokens.ts'
import { VideoFeed } from './live/video-feed.ts'
import { AllowedDomainLists } from './playback/allowed-domains.ts'
import { DeliveryAddresses } from './playback/delivery-addresses.ts'
import { Grants } from './playback/grants.ts'
import { PlaybackKeys } from './playback/playback-keys.ts'
import { PlaybackRevocations } from './playback/playback-revocations.ts'
import { StillQueue } from './playback/still-queue.ts'
import { forwardedCallers, spoofable } from './proxy-check/proxy-report.ts'
import { type Allowance, type Allowances, API_KEY_OWN, KEYS_PER_ALLOWANCE } from './rate-limit/policies.ts'
import { connectRedis, RateLimiter } from './rate-limit/rate-limiter.ts'
import { Traffic } from './rate-limit/traffic.ts'
import { retryingRelay, retryingRpc } from './rpc.ts'

export interface Gateway {
  port: number
  url: string
}

/**
 * Starts the HTTP server and connects it to the other services. It answers as soon as it listens, and is ready once the
 * list of revocations is loaded. Throws if the store, RabbitMQ or the port is unavailable.
 */
export async function startGateway(base: Base, config: GatewayConfig): Promise<Gateway> {
  const { life, logger, health } = base
  const metrics = httpMetrics(base.metrics)
  const store = await openStore(config.STORAGE_URL, { credentials: s3Credentials(config) })
  const redis = life.use(connectRedis(config.REDIS_URL, logger), 'redis', (r) => r.disconnect())
  const breaker = { failures: config.BREAKER_FAILURES, resetMs: config.BREAKER_RESET_MS }
  const bus = life.use(
    await connectBus({ url: config.AMQP_URL, service: 'gateway', logger, metrics: base.metrics, breaker }),
    'bus',
    (b) => b.drain(),
  )
  const rpc = retryingRpc(bus)
  const storeCheck = new StoreCheck(store, async () => {
    const call = { actor: { kind: 'service', name: 'gateway' }, requestId: randomUUID() } as const
    return (await rpc(media.getStorageStatus, {}, call)).installation
  })
  const allowances = allowancesOf(config)
  const limiter = new RateLimiter({
    redis,
    prefix: config.REDIS_PREFIX,
    allowances,
    gateways: config.RATE_LIMIT_GATEWAYS,
    limited: metrics.rateLimited,
    fallback: metrics.limiterFallback,
  })

  const keySet = new KeySet(rpc)
  const apiKeys = new ApiKeys(rpc)
  const memberships = new Memberships(rpc)
  const revocations = new Revocations(rpc, { apiKeys, memberships }, logger)
  const playbackRevocations = new PlaybackRevocations(rpc, logger)
  const offline = { revocations: playbackRevocations, offlineMs: config.OFFLINE_PLAYBACK_SECONDS * 1000 }
  const playbackKeys = new PlaybackKeys(rpc, offline)
  const grants = new Grants(rpc, {
    signer: playbackSigner(playbackSecrets(config), () => new Date()),
    keys: playbackKeys,
    ...offline,
  })
  const allowedDomains = new AllowedDomainLists(rpc, allowedOrigins(config))
  const videoFeed = new VideoFeed()
  const stills = new StillQueue()
  const uploadLinkEnds = new EndListeners()
  await bus.listen(
    [events['auth.sessions-revoked']],
    (e) => revocations.receive(e),
    () => revocations.reload(),
  )
  await bus.listen(
    [events['auth.keys-changed']],
    () => keySet.reload(),
    () => keySet.reload(),
  )
  await bus.listen(
    [
      ...[events['video.changed'], events['video.deleted'], events['video.delivery-revoked']],
      ...[events['playback.revoked'], events['playback.key-retired']],
    ],
    (envelope) => {
      playbackRevocations.receive(envelope)
      grants.receive(envelope)
      allowedDomains.receive(envelope)
      videoFeed.receive(envelope)
    },
    () => {
      playbackKeys.invalidateAll()
      grants.invalidateAll()
      allowedDomains.invalidateAll()
      playbackRevocations.reload()
      videoFeed.gap()
    },
  )
  await bus.listen(
    [events['auth.project-changed']],
    (envelope) => allowedDomains.receive(envelope),
    () => allowedDomains.invalidateAll(),
  )
  await bus.listen(
    [events['video.still-ended']],
    ({ data }) => stills.ended((data as { stillId: string }).stillId),
    () => stills.gap(),
  )
  // Uploads ask media every few seconds, too, so that a missed event only delays their end.
  await bus.listen(
    [events['upload-link.revoked']],
    ({ data }) => uploadLinkEnds.notify((data as { linkId: string }).linkId),
    () => {},
  )
  // After subscribing: a change between this response and the first event would be lost.
  revocations.reload()
  keySet.reload()
  playbackRevocations.reload()
  life.use(playbackRevocations.keepCurrent(), 'playback revocations', (stop) => stop())
  life.use(revocations.keepSwept(), 'revocations', (stop) => stop())
  life.use(keySet, 'key set', (it) => it.stop())
  watchDependencies(health, { life, logger, bus, redis, store, storeCheck, limiter, revocations })
  for (const { detail } of spoofable(config.TRUSTED_PROXIES)) logger.warn(detail)

  const tokens = new AccessTokens(keySet, { issuer: config.ISSUER, audience: config.AUDIENCE })
  const stopping = new AbortController()
  // Each open event stream adds a listener.
  setMaxListeners(0, stopping.signal)
  const ctx: Context = {
    config,
    logger,
    health,
    metrics,
    rpc,
    relay: retryingRelay(bus),
    store: guardedStore(store, () => storeCheck.assertUsable()),
    keySet,
    revocations,
    memberships,
    eventsTokens: new EventsTokens(playbackSecrets(config), { keySet, revocations, memberships }),
    uploadLinkEnds,
    grants,
    playbackRevocations,
    allowedDomains,
    addresses: new DeliveryAddresses(playbackSecrets(config), {
      bucketSeconds: config.DELIVERY_BUCKET_SECONDS,
      deliveryUrl: config.DELIVERY_URL,
    }),
    videoFeed,
    stills,
    forwardedCallers: forwardedCallers(),
    admission: admission(authenticator(tokens, apiKeys, revocations), memberships, limiter),
    traffic: new Traffic({
      limiter,
      open: { playback: config.OPEN_FILES_PER_ADDRESS, download: config.OPEN_DOWNLOADS_PER_ADDRESS },
      bytes: { playback: allowances['playback-bytes'].points, download: allowances['download-bytes'].points },
    }),
    once: onceByKey(rpc, config, logger),
    cookieSessions: {
      allowedOrigins: allowedOrigins(config),
      csrfSecret: Buffer.from(config.CSRF_SECRET, 'base64'),
    },
    draining: stopping.signal,
  }
  const app = createApp(ctx)
  const isTrusted: (address: string, hop: number) => boolean = app.get('trust proxy fn')
  const server = await listen(app, {
    host: config.HOST,
    port: config.PORT,
    publicUrl: config.PUBLIC_URL,
    maxConnections: config.MAX_CONNECTIONS,
    connections: { perAddress: config.CONNECTIONS_PER_ADDRESS, isProxy: (address) => isTrusted(address, 0) },
    metrics,
  })
  life.use(server, 'http server', async () => {
    stopping.abort()
    await drain(server, config.DRAIN_MS)
  })
  const port = portOf(server)
  logger.info({ port }, 'listening')
  return { port, url: `http://${config.HOST}:${port}` }
}

/** The first one signs. */
function playbackSecrets(config: GatewayConfig): [string, ...string[]] {
  const { PLAYBACK_SECRET, PLAYBACK_SECRET_PREVIOUS } = config
  return PLAYBACK_SECRET_PREVIOUS === undefined ? [PLAYBACK_SECRET] : [PLAYBACK_SECRET, PLAYBACK_SECRET_PREVIOUS]
}

function allowancesOf(config: GatewayConfig): Allowances {
  return {
    register: config.RATE_LIMIT_REGISTER,
    login: config.RATE_LIMIT_LOGIN,
    account: config.RATE_LIMIT_LOGIN,
    refresh: config.RATE_LIMIT_REFRESH,
    session: config.RATE_LIMIT_REFRESH,
    password: config.RATE_LIMIT_PASSWORD,
    'password-user': config.RATE_LIMIT_PASSWORD,
    mfa: config.RATE_LIMIT_MFA,
    challenge: config.RATE_LIMIT_MFA,
    export: config.RATE_LIMIT_EXPORT,
    mail: config.RATE_LIMIT_MAIL,
    mailbox: config.RATE_LIMIT_MAIL,
    'mail-token': config.RATE_LIMIT_MAIL_TOKEN,
    anonymous: config.RATE_LIMIT_ANONYMOUS,
    user: config.RATE_LIMIT_USER,
    'api-key': config.RATE_LIMIT_API_KEY,
    'api-key-own': API_KEY_OWN,
    'api-keys': ofAllKeys(config.RATE_LIMIT_API_KEY),
    'key-lookup': config.RATE_LIMIT_KEY_LOOKUP,
    upload: config.RATE_LIMIT_UPLOAD,
    captions: config.RATE_LIMIT_CAPTIONS,
    'key-uploads': ofAllKeys(config.RATE_LIMIT_UPLOAD),
    playback: config.RATE_LIMIT_PLAYBACK,
    still: config.RATE_LIMIT_STILL,
    'playback-bytes': inBytes(config.RATE_LIMIT_PLAYBACK_MB),
    'download-bytes': inBytes(config.RATE_LIMIT_DOWNLOAD_MB),
  }
}

function ofAllKeys({ points, seconds }: Allowance): Allowance {
  return { points: points * KEYS_PER_ALLOWANCE, seconds }
}

function inBytes({ points, seconds }: Allowance): Allowance {
  return { points: points * 1_000_000, seconds }
}
