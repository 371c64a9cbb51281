import { integer, secretKey, serviceConfig } from '@kinora/common/service'
import { storageSettings } from '@kinora/common/storage'
import { z } from 'zod'
import { networks } from './infra/webhook-address.ts'

const MEBIBYTE = 1024 * 1024

export const mediaConfig = serviceConfig.extend({
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  /** Without Redis nothing is cached. */
  REDIS_URL: z.url({ protocol: /^rediss?$/ }).optional(),
  /** Prefix of every key, for a Redis that is shared. */
  REDIS_PREFIX: z.string().max(100).default('kinora:'),
  ...storageSettings,
  /** Where clients reach the gateway; playback URLs begin with it. */
  PUBLIC_URL: z.url({ protocol: /^https?$/ }),
  /** Signs playback tokens. */
  PLAYBACK_SECRET: secretKey,
  /** The previous secret, whose tokens are still accepted. */
  PLAYBACK_SECRET_PREVIOUS: secretKey.optional(),
  MAX_UPLOAD_BYTES: integer(1, Number.MAX_SAFE_INTEGER).default(100 * MEBIBYTE),
  /** Default limits of a project; unset means unlimited. An administrator can set other limits for single projects. */
  QUOTA_BYTES: integer(0, Number.MAX_SAFE_INTEGER).optional(),
  QUOTA_MINUTES: integer(0, Number.MAX_SAFE_INTEGER).optional(),
  MAX_VIDEO_SECONDS: integer(0, Number.MAX_SAFE_INTEGER).optional(),
  MAX_RUNNING_TASKS: integer(1, 1_000_000).optional(),
  /** What one account may have at the same time. */
  MAX_VIDEOS_PER_ACCOUNT: integer(1, 1_000_000_000).default(100_000),
  MAX_OPEN_UPLOADS: integer(1, 1_000_000).default(100),
  /** Playback links that have not expired. */
  MAX_LINKS_PER_ACCOUNT: integer(1, 1_000_000_000).default(100_000),
  /** Seconds a resumable upload is kept after its last request. */
  UPLOAD_EXPIRY_SECONDS: integer(60, 31_536_000).default(86_400),
  /** The largest rendition's short side, in pixels. */
  MAX_RENDITION: integer(240, 2160).default(1080),
  /** Whether a source that fits as it is becomes its largest rendition by remuxing, without being encoded again. */
  REMUX: z.stringbool().default(true),
  /** Whether the audio of videos becomes captions; needs a worker with an engine, see docs/media/transcription.md. */
  TRANSCRIBE: z.stringbool().default(false),
  /** Seconds of audio that a task for that takes at most. */
  TRANSCRIBE_PIECE_SECONDS: integer(30, 3600).default(600),
  /** Days after which the source of a video that is ready is removed, for videos that are created from now on; unset: never. */
  SOURCE_RETENTION_DAYS: integer(0, 36_500).optional(),
  /** Days that swept files stay in quarantine, from where they can be restored. */
  QUARANTINE_DAYS: integer(1, 365).default(7),
  /**
   * Most expired uploads of one account that are swept at once; more wait for an operator, as do five times as many of all
   * accounts.
   */
  SWEEP_LIMIT: integer(1, 1_000_000).default(20),
  /** A worker that is silent for this long loses its task. */
  LEASE_MS: integer(500, 600_000).default(20_000),
  /** Milliseconds between two searches for expired leases and lost messages, and between two for receipts of gateways. */
  REAPER_MS: integer(50, 60_000).default(1000),
  RECEIPTS_MS: integer(50, 600_000).default(5000),
  /** A queued task that no worker has claimed for this long is sent again. */
  RESEND_MS: integer(100, 3_600_000).default(60_000),
  /** Encrypts the stored secrets of webhooks. */
  WEBHOOK_ENCRYPTION_KEY: secretKey,
  WEBHOOKS_PER_ACCOUNT: integer(1, 100).default(10),
  /** Test pings of one account that are still to be sent. */
  MAX_PENDING_PINGS: integer(1, 10_000).default(50),
  /** Whether webhooks may go to `http:` addresses. */
  WEBHOOK_ALLOW_HTTP: z.stringbool().default(false),
  /** Networks that webhooks may reach in addition to the public internet, e.g. `10.1.0.0/16, fd00::/8`. */
  WEBHOOK_ALLOWED_NETWORKS: networks,
  /** How often due deliveries are looked for without a notification. */
  WEBHOOK_POLL_MS: integer(50, 60_000).default(1000),
})
export type MediaConfig = z.output<typeof mediaConfig>
