import type { EventEmitter } from 'node:events'
import type { PlaybackSigner } from '@kinora/common/playback-token'
import type { SecretCipher } from '@kinora/common/secret-cipher'
import type { Logger } from '@kinora/common/service'
import type { Store } from '@kinora/common/storage'
import type { MediaConfig } from './config.ts'
import type { Db } from './db/schema.ts'
import type { ReadCache } from './infra/read-cache.ts'
import type { TargetRule } from './infra/webhook-address.ts'
import type { MediaMetrics } from './media-metrics.ts'
import type { StoreOwnership } from './operations/store-ownership.ts'
import type { ReadVideo } from './repositories/videos.ts'

/** Makes a background loop run now instead of at its next tick. After a commit `transact` emits, so that no caller has to. */
export interface Wake {
  outbox: []
  playlists: []
  replacements: []
  erasures: []
  webhooks: []
}

export interface WebhookSettings {
  cipher: SecretCipher
  target: TargetRule
  perAccount: number
  pendingPings: number
}

/** What handlers, jobs and operations use. */
export interface Context {
  config: MediaConfig
  db: Db
  readVideo: ReadVideo
  /** Refuses every call until it is known to be this installation's. */
  store: Store
  ownership: StoreOwnership
  cache: ReadCache
  signer: PlaybackSigner
  webhooks: WebhookSettings
  wake: EventEmitter<Wake>
  metrics: MediaMetrics
  logger: Logger
  /** The clock of the service; leases, expiries and pauses that SQL compares use the database's. */
  now: () => Date
}
