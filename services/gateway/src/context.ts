import type { Health, Logger } from '@kinora/common/service'
import type { Store } from '@kinora/common/storage'
import type { CookieSettings } from './browser-session/through-cookie.ts'
import type { GatewayConfig } from './config.ts'
import type { Admission } from './http/admission.ts'
import type { HttpMetrics } from './http/telemetry.ts'
import type { Once } from './idempotency/once.ts'
import type { EndListeners } from './identity/end-listeners.ts'
import type { EventsTokens } from './identity/events-tokens.ts'
import type { KeySet } from './identity/key-set.ts'
import type { Memberships } from './identity/memberships.ts'
import type { Revocations } from './identity/revocations.ts'
import type { VideoFeed } from './live/video-feed.ts'
import type { AllowedDomainLists } from './playback/allowed-domains.ts'
import type { DeliveryAddresses } from './playback/delivery-addresses.ts'
import type { Grants } from './playback/grants.ts'
import type { PlaybackRevocations } from './playback/playback-revocations.ts'
import type { StillQueue } from './playback/still-queue.ts'
import type { ForwardedCallers } from './proxy-check/proxy-report.ts'
import type { Traffic } from './rate-limit/traffic.ts'
import type { Relay, Rpc } from './rpc.ts'

/** The services and state that request handlers share; one per gateway. */
export interface Context {
  config: GatewayConfig
  logger: Logger
  health: Health
  metrics: HttpMetrics
  rpc: Rpc
  relay: Relay
  store: Store
  admission: Admission
  /** How much is sent to one address. */
  traffic: Traffic
  /** Runs a request with an `Idempotency-Key` once. */
  once: Once
  cookieSessions: CookieSettings
  keySet: KeySet
  revocations: Revocations
  memberships: Memberships
  eventsTokens: EventsTokens
  /** What waits for the end of upload links, by their ids. */
  uploadLinkEnds: EndListeners
  grants: Grants
  playbackRevocations: PlaybackRevocations
  allowedDomains: AllowedDomainLists
  addresses: DeliveryAddresses
  videoFeed: VideoFeed
  stills: StillQueue
  forwardedCallers: ForwardedCallers
  /** Aborts when the gateway begins to stop, so that endless responses such as event streams end. */
  draining: AbortSignal
}
